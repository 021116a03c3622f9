#include "plugin/simulated_project/structure_choice.h"

#include "core/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

#include <set>
#include <string>

using namespace limpid;
using namespace limpid::test;

TEST_CASE("structure choice: a project has different kinds of particles of a visible size") {
  RandomSequence random(1, 1);
  const auto structures = build_typical_structures(3, random);
  REQUIRE(structures.size() == 3);
  std::set<std::string> names;
  for (const Structure& structure : structures) {
    names.insert(structure.name);
    CHECK(mass_dalton(structure) > 150e3);
    CHECK(packing_radius_angstrom(structure) < 200);
  }
  CHECK(names.size() == 3);
}

TEST_CASE("structure choice: an atomic model is read whatever the case of its extension") {
  const TemporaryFolder folder;
  const std::string path = folder.write(
      "MODEL.PDB",
      "ATOM      1  CA  ALA A   1      11.000  12.000  13.000  1.00 20.00           C  \n");
  CHECK(read_structure_file(path, {}).size() == 1);
}

TEST_CASE("structure choice: files that cannot be used are errors of the job") {
  const TemporaryFolder folder;
  for (const std::string& path : {folder.path("absent.mrc"),
                                  folder.path("absent.cif.gz"),
                                  folder.write("notes.txt", "no structure"),
                                  folder.write("cut.map", "no map")}) {
    CAPTURE(path);
    try {
      read_structure_file(path, {});
      FAIL("it was read");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::usage);
      CHECK_THAT(error.what(), ContainsSubstring(path));
    }
  }
}
