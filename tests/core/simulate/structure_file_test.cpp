#include "core/simulate/structure_file.h"

#include "core/base/error.h"
#include "tests/support/catch.h"

#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

using namespace limpid;

namespace {

class TemporaryFile {
 public:
  TemporaryFile(const std::string& name, const std::string& content)
      : path_(std::filesystem::temp_directory_path() /
              (std::to_string(getpid()) + "_simulate_" + name)) {
    std::ofstream(path_, std::ios::binary) << content;
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

// Two residues with a hydrogen, an alternative position, a water and a zinc ion.
const std::string pdb_atoms =
    "ATOM      1  N   ALA A   1      10.000   0.000   0.000  1.00 20.00           N  \n"
    "ATOM      2  CA AALA A   1      11.450   0.000   0.000  0.50 20.00           C  \n"
    "ATOM      3  CA BALA A   1      11.950   0.000   0.000  0.50 20.00           C  \n"
    "ATOM      4  H   ALA A   1       9.500   0.800   0.000  1.00 20.00           H  \n"
    "ATOM      5  O   ALA A   1      12.000   2.000   0.000  1.00 20.00           O  \n"
    "HETATM    6 ZN    ZN A   2      14.000   0.000   5.000  1.00 20.00          ZN  \n"
    "HETATM    7  O   HOH A   3      30.000   0.000   0.000  1.00 20.00           O  \n"
    "END\n";

const std::string pdb_assembly =
    "REMARK 350 BIOMOLECULE: 1                                                       \n"
    "REMARK 350 APPLY THE FOLLOWING TO CHAINS: A                                     \n"
    "REMARK 350   BIOMT1   1  1.000000  0.000000  0.000000        0.00000            \n"
    "REMARK 350   BIOMT2   1  0.000000  1.000000  0.000000        0.00000            \n"
    "REMARK 350   BIOMT3   1  0.000000  0.000000  1.000000        0.00000            \n"
    "REMARK 350   BIOMT1   2 -1.000000  0.000000  0.000000        0.00000            \n"
    "REMARK 350   BIOMT2   2  0.000000 -1.000000  0.000000        0.00000            \n"
    "REMARK 350   BIOMT3   2  0.000000  0.000000  1.000000        0.00000            \n";

const std::string mmcif_atoms =
    "data_test\n"
    "loop_\n"
    "_atom_site.group_PDB\n_atom_site.id\n_atom_site.type_symbol\n_atom_site.label_atom_id\n"
    "_atom_site.label_alt_id\n_atom_site.label_comp_id\n_atom_site.label_asym_id\n"
    "_atom_site.label_entity_id\n_atom_site.label_seq_id\n_atom_site.pdbx_PDB_ins_code\n"
    "_atom_site.Cartn_x\n_atom_site.Cartn_y\n_atom_site.Cartn_z\n_atom_site.occupancy\n"
    "_atom_site.B_iso_or_equiv\n_atom_site.auth_seq_id\n_atom_site.auth_asym_id\n"
    "_atom_site.pdbx_PDB_model_num\n"
    "ATOM 1 N N . ALA A 1 1 ? 10.0 0.0 0.0 1.0 20.0 1 A 1\n"
    "ATOM 2 C CA . ALA A 1 1 ? 11.5 0.0 0.0 1.0 20.0 1 A 1\n"
    "ATOM 3 S SD . MET A 1 2 ? 14.0 0.0 0.0 1.0 20.0 2 A 1\n";

// MRC map of 8 x 8 x 8 voxels of 2 A with one bright cube of 2 x 2 x 2.
std::string map_file() {
  std::array<std::int32_t, 256> header{};
  const auto set_float = [&](std::size_t word, float value) {
    std::memcpy(&header[word - 1], &value, 4);
  };
  header[0] = header[1] = header[2] = 8;
  header[3] = 2;
  header[7] = header[8] = header[9] = 8;
  for (std::size_t word = 11; word <= 13; ++word)
    set_float(word, 16);
  for (std::size_t word = 14; word <= 16; ++word)
    set_float(word, 90);
  header[16] = 1;
  header[17] = 2;
  header[18] = 3;
  header[22] = 1;
  std::memcpy(&header[52], "MAP ", 4);
  header[53] = 0x00004144;
  std::vector<float> values(512, 0.1f);
  for (std::size_t z : {5, 6})
    for (std::size_t y : {3, 4})
      for (std::size_t x : {1, 2})
        values[(z * 8 + y) * 8 + x] = 4;
  std::string content(reinterpret_cast<const char*>(header.data()), 1024);
  content.append(reinterpret_cast<const char*>(values.data()), 2048);
  return content;
}

}  // namespace

TEST_CASE("structure file: heavy atoms of a PDB file are read, centred, water left out") {
  const TemporaryFile file("plain.pdb", pdb_atoms);
  const Structure structure = read_atomic_model(file.path());
  REQUIRE(structure.size() == 4);
  const auto counts = count_kinds(structure);
  CHECK(counts[static_cast<std::size_t>(AtomKind::carbon)] == 1);
  CHECK(counts[static_cast<std::size_t>(AtomKind::heavy_ion)] == 1);
  Eigen::Vector3f sum = Eigen::Vector3f::Zero();
  for (const auto& position : structure.positions)
    sum += position;
  CHECK(sum.norm() < 1e-4f);
  CHECK((structure.positions[1] - structure.positions[0]).norm() == Approx(1.45));
}

TEST_CASE("structure file: the biological assembly is built on request") {
  const TemporaryFile file("assembly.pdb", pdb_assembly + pdb_atoms);
  CHECK(read_atomic_model(file.path()).size() == 8);
  CHECK(read_atomic_model(file.path(), false).size() == 4);
}

TEST_CASE("structure file: mmCIF is read or refused with the reason") {
  const TemporaryFile file("plain.cif", mmcif_atoms);
#if __has_include(<tao/pegtl.hpp>)
  const Structure structure = read_atomic_model(file.path());
  REQUIRE(structure.size() == 3);
  CHECK(structure.kinds[2] == AtomKind::sulfur);
#else
  CHECK_THROWS_WITH(read_atomic_model(file.path()), ContainsSubstring("PEGTL"));
#endif
}

TEST_CASE("structure file: broken models are errors that name the file") {
  CHECK_THROWS_WITH(read_atomic_model("/no/such/file.pdb"), ContainsSubstring("/no/such/file.pdb"));
  const TemporaryFile empty("empty.pdb", "");
  CHECK_THROWS_WITH(read_atomic_model(empty.path()), ContainsSubstring("no atoms"));
  const TemporaryFile empty_cif("empty.cif", "");
  CHECK_THROWS_AS(read_atomic_model(empty_cif.path()), Error);
  const TemporaryFile only_water(
      "water.pdb",
      "HETATM    7  O   HOH A   3      30.000   0.000   0.000  1.00 20.00           O  \n");
  CHECK_THROWS_WITH(read_atomic_model(only_water.path()), ContainsSubstring("no atoms"));
}

TEST_CASE("structure file: a map becomes scatterers of the stated contrast") {
  const TemporaryFile file("map.mrc", map_file());
  const Structure structure = read_density_map(file.path(), {1.0, 3.0});
  REQUIRE(structure.size() == 8);
  // 3 V in 8 voxels of 8 A^3.
  CHECK(integrated_contrast_v_a3(structure) == Approx(3.0 * 8 * 8));
  CHECK(packing_radius_angstrom(structure) == Approx(std::sqrt(3.0) + 1.7));
}

TEST_CASE("structure file: a map without a threshold separates its particle itself") {
  const TemporaryFile file("chosen.mrc", map_file());
  CHECK(read_density_map(file.path(), {}).size() == 8);
}

TEST_CASE("structure file: broken maps are errors that say what is wrong") {
  const TemporaryFile whole("dim.mrc", map_file());
  CHECK_THROWS_WITH(read_density_map(whole.path(), {100, 3}),
                    ContainsSubstring("above the threshold of 100"));
  const TemporaryFile cut("cut.mrc", map_file().substr(0, 2000));
  CHECK_THROWS_WITH(read_density_map(cut.path(), {1, 3}), ContainsSubstring("cut.mrc"));
  const TemporaryFile text("text.mrc", "this is no map");
  CHECK_THROWS_AS(read_density_map(text.path(), {1, 3}), Error);
}
