#include "plugin/micrographs/micrograph_table.h"

#include "core/base/error.h"
#include "tests/support/captured_log.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

#include <filesystem>
#include <set>

using namespace limpid;
using namespace limpid::test;

namespace {

struct Project {
  void add(const std::string& name) const {
    std::filesystem::create_directories(std::filesystem::path(folder.path(name)).parent_path());
    folder.write(name, "x");
  }
  MicrographTable read(const std::string& star, bool lenient = false) const {
    return MicrographTable::read(
        {.star_file = folder.write("list.star", star), .paths = {}, .lenient_star = lenient});
  }
  MicrographTable read_paths(const std::vector<std::string>& paths) const {
    return MicrographTable::read({.star_file = {}, .paths = paths, .lenient_star = false});
  }
  TemporaryFolder folder;
};

std::string list_of(const std::vector<std::string>& rows) {
  std::string star = "data_micrographs\n\nloop_\n_rlnMicrographName #1\n";
  for (const std::string& row : rows)
    star += row + "\n";
  return star;
}

std::set<std::string> output_names(const MicrographTable& table) {
  std::set<std::string> names;
  for (const MicrographEntry& entry : table.entries())
    names.insert(entry.output_name);
  return names;
}

const std::string optics_star = R"(# version 30001

data_optics

loop_
_rlnOpticsGroupName #1
_rlnOpticsGroup #2
_rlnMicrographPixelSize #3
opticsGroup1 1 0.885
opticsGroup2 2 none


# version 30001

data_micrographs

loop_
_rlnCtfMaxResolution #1
_rlnMicrographName #2
_rlnOpticsGroup #3
 3.5   MotionCorr/job002/a.mrc    1
 4.5   MotionCorr/job002/b.mrc    2
 5.5   MotionCorr/job002/c.mrc    7
)";

}  // namespace

TEST_CASE("micrograph table: pixel sizes come through the optics groups") {
  const auto table = Project().read(optics_star);
  REQUIRE(table.entries().size() == 3);
  CHECK(table.entries()[0].pixel_size_angstrom == 0.885);
  CHECK(table.entries()[0].output_name == "a.mrc");
  CHECK_FALSE(table.entries()[1].pixel_size_angstrom);
  CHECK_FALSE(table.entries()[2].pixel_size_angstrom);
}

TEST_CASE("micrograph table: a pixel size in the row itself counts more") {
  const auto table = Project().read(
      "data_micrographs\nloop_\n_rlnMicrographName\n_rlnMicrographPixelSize\na.mrc 1.5\nb.mrc -1\n"
      "c.mrc nan\n");
  CHECK(table.entries()[0].pixel_size_angstrom == 1.5);
  CHECK_FALSE(table.entries()[1].pixel_size_angstrom);
  CHECK_FALSE(table.entries()[2].pixel_size_angstrom);
}

TEST_CASE("micrograph table: lists of older programs") {
  const auto table =
      Project().read("\ndata_\n\nloop_ \n_rlnMicrographName #1 \n_rlnDefocusU #2 \na.mrc 1\n \n");
  REQUIRE(table.entries().size() == 1);
  CHECK(table.entries()[0].name == "a.mrc");
}

TEST_CASE("micrograph table: only names change, rows without a name go, all else stays") {
  const auto table = Project().read(optics_star);
  std::string expected = optics_star;
  const auto replace = [&](const std::string& old, const std::string& text) {
    expected.replace(expected.find(old), old.size(), text);
  };
  replace("MotionCorr/job002/a.mrc", "out/a.mrc");
  replace(" 4.5   MotionCorr/job002/b.mrc    2\n", "");
  replace("MotionCorr/job002/c.mrc", "\"out/$(x) c.mrc\"");
  CHECK(table.with_names({"out/a.mrc", "", "out/$(x) c.mrc"}) == expected);
}

TEST_CASE("micrograph table: halves by label are found like micrographs, or beside them") {
  const Project project;
  project.add("raw/a.mrc");
  project.add("raw/a_even.mrc");
  project.add("raw/a_odd.mrc");
  project.add("halves/b_even.mrc");
  project.add("halves/b_odd.mrc");
  const auto table = project.read(
      "data_micrographs\nloop_\n_rlnMicrographName\n_rlnMicrographNameEven\n_rlnMicrographNameOdd\n"
      "raw/a.mrc old/a_even.mrc old/a_odd.mrc\n"
      "raw/b.mrc halves/b_even.mrc halves/b_odd.mrc\n"
      "raw/c.mrc \"\" \"\"\n");
  CHECK(table.entries()[0].even_path == project.folder.path("raw/a_even.mrc"));
  CHECK(table.entries()[0].odd_path == project.folder.path("raw/a_odd.mrc"));
  CHECK(table.entries()[1].even_path == project.folder.path("halves/b_even.mrc"));
  CHECK(table.entries()[2].even_path.empty());
  CHECK(table.entries()[2].odd_path.empty());
}

TEST_CASE("micrograph table: halves and truth by suffix") {
  const Project project;
  for (const char* name : {"a.mrc", "a_EVN.mrc", "a_ODD.mrc", "a_CLEAN.mrc", "b.mrc", "b_EVN.mrc"})
    project.add(name);
  const auto table = project.read(list_of({"a.mrc", "b.mrc"}));
  CHECK(table.entries()[0].even_path == project.folder.path("a_EVN.mrc"));
  CHECK(table.entries()[0].odd_path == project.folder.path("a_ODD.mrc"));
  CHECK(table.entries()[0].truth_path == project.folder.path("a_CLEAN.mrc"));
  CHECK(table.entries()[1].even_path.empty());
  CHECK(table.entries()[1].truth_path.empty());
}

TEST_CASE("micrograph table: truth by label") {
  const Project project;
  project.add("truth/a.mrc");
  const auto table = project.read(
      "data_micrographs\nloop_\n_rlnMicrographName\n_limpidTruthName\na.mrc truth/a.mrc\n"
      "b.mrc \"\"\n");
  CHECK(table.entries()[0].truth_path == project.folder.path("truth/a.mrc"));
  CHECK(table.entries()[1].truth_path.empty());
}

TEST_CASE("micrograph table: files are looked for from the current folder, then beside the list") {
  const Project project;
  project.add("beside.mrc");
  const auto table =
      project.read(list_of({"beside.mrc", "none.mrc", project.folder.path("beside.mrc")}));
  CHECK(table.entries()[0].path == project.folder.path("beside.mrc"));
  CHECK(table.entries()[0].name == "beside.mrc");
  CHECK(table.entries()[1].path == "none.mrc");  // kept: its absence is found when it is read
  CHECK(table.entries()[2].path == project.folder.path("beside.mrc"));
}

TEST_CASE("micrograph table: the same micrograph twice has one result") {
  const auto table = Project().read(list_of({"s/a.mrc", "s/a.mrc", "./s/a.mrc"}));
  CHECK(table.entries().size() == 3);
  CHECK(output_names(table) == std::set<std::string>{"s/a.mrc"});
}

TEST_CASE("micrograph table: sessions with equal file names have different results") {
  const auto table =
      Project().read(list_of({"A/job001/a.mrc", "B/job002/a.mrc", "C/job003/a.mrc", "a.tif"}));
  CHECK(output_names(table).size() == 4);
  CHECK(table.entries()[0].output_name == "a.mrc");
}

TEST_CASE("micrograph table: names that differ in upper and lower case have different results") {
  const auto table = Project().read(list_of({"s/a.mrc", "S/A.mrc"}));
  CHECK(table.entries()[0].output_name == "s/a.mrc");
  CHECK(table.entries()[1].output_name != "S/A.mrc");
}

TEST_CASE("micrograph table: a name made distinct does not take that of another") {
  const std::string taken =
      Project().read(list_of({"A/job001/a.mrc", "B/job002/a.mrc"})).entries()[1].output_name;
  const auto table = Project().read(list_of({"A/job001/a.mrc", "B/job002/a.mrc", taken}));
  CHECK(output_names(table).size() == 3);
}

TEST_CASE("micrograph table: lists that cannot be followed say why") {
  const Project project;
  CHECK_THROWS_WITH(project.read("data_movies\nloop_\n_rlnMicrographMovieName\na.tif\n"),
                    ContainsSubstring("lists movies"));
  CHECK_THROWS_WITH(project.read("data_particles\nloop_\n_rlnImageName\na\n"),
                    ContainsSubstring("no table with a column rlnMicrographName"));
  CHECK_THROWS_WITH(project.read(list_of({})), ContainsSubstring("no micrographs"));
  CHECK_THROWS_WITH(project.read(list_of({"a.mrc", "\"\""})), ContainsSubstring("list.star:6"));
  CHECK_THROWS_AS(project.read(""), Error);
  const MicrographInput none{.star_file = "none.star", .paths = {}, .lenient_star = false};
  CHECK_THROWS_WITH(MicrographTable::read(none), ContainsSubstring("none.star"));
  CHECK_THROWS_WITH(MicrographTable::read({}), ContainsSubstring("expected one"));
  const MicrographInput both{.star_file = "a", .paths = {"b"}, .lenient_star = false};
  CHECK_THROWS_WITH(MicrographTable::read(both), ContainsSubstring("expected one"));
}

TEST_CASE("micrograph table: rows behind a blank line are an error or read, as asked") {
  const Project project;
  const std::string star = list_of({"a.mrc", "", "b.mrc"});
  CHECK_THROWS_AS(project.read(star), Error);
  const CapturedLog log;
  CHECK(project.read(star, true).entries().size() == 2);
}

TEST_CASE("micrograph table: files, patterns and folders become a list") {
  const Project project;
  for (const char* name : {"s1/a.mrc", "s1/b.mrc", "s2/a.mrc"})
    project.add(name);
  const auto table =
      project.read_paths({project.folder.path("s1"), project.folder.path("s2/*.mrc"), "none.mrc"});
  REQUIRE(table.entries().size() == 4);
  CHECK(table.entries()[0].output_name == "a.mrc");
  CHECK(table.entries()[1].output_name == "b.mrc");
  CHECK(output_names(table).size() == 4);
  CHECK(table.entries()[3].path == "none.mrc");
  CHECK(project.read(table.with_names({"o/1.mrc", "", "o/3 4.mrc", ""})).entries()[1].name ==
        "o/3 4.mrc");
  std::filesystem::create_directory(project.folder.path("empty"));
  CHECK_THROWS_WITH(project.read_paths({project.folder.path("empty")}),
                    ContainsSubstring("no micrographs"));
}
