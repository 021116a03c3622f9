#include "plugin/micrographs/micrograph_arguments.h"

#include "core/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

#include <filesystem>

using namespace limpid;
using namespace limpid::test;

TEST_CASE("micrograph arguments: a folder stands for its micrographs by name") {
  const TemporaryFolder folder;
  for (const char* name : {"b.mrc",
                           "a.TIF",
                           "c.tiff",
                           "b_EVN.mrc",
                           "b_ODD.mrc",
                           "b_CLEAN.mrc",
                           "lonely_CLEAN.mrc",
                           "d.mrc.gz",
                           "d_EVN.mrc.gz",
                           "d_ODD.mrc.gz",
                           "e.mrc.bz2",
                           ".hidden.mrc",
                           "notes.txt",
                           "notes.txt.gz"})
    folder.write(name, "x");
  CHECK(files_of_argument(folder.path()) ==
        std::vector<std::string>{folder.path("a.TIF"),
                                 folder.path("b.mrc"),
                                 folder.path("c.tiff"),
                                 folder.path("d.mrc.gz"),
                                 folder.path("e.mrc.bz2"),
                                 folder.path("lonely_CLEAN.mrc")});
}

TEST_CASE("micrograph arguments: a folder of halves alone stands for the halves") {
  const TemporaryFolder folder;
  folder.write("b_EVN.mrc", "x");
  folder.write("b_ODD.mrc", "x");
  CHECK(files_of_argument(folder.path()).size() == 2);
}

TEST_CASE("micrograph arguments: patterns, and names that only look like one") {
  const TemporaryFolder folder;
  folder.write("a1.mrc", "x");
  folder.write("a2.mrc", "x");
  CHECK(files_of_argument(folder.path("a?.mrc")).size() == 2);
  CHECK_THROWS_WITH(files_of_argument(folder.path("b*.mrc")), ContainsSubstring("no file matches"));
  folder.write("[12].mrc", "x");
  CHECK(files_of_argument(folder.path("[12].mrc")) ==
        std::vector<std::string>{folder.path("[12].mrc")});
}

TEST_CASE("micrograph arguments: a missing file is kept, a folder without access is an error") {
  CHECK(files_of_argument("none.mrc") == std::vector<std::string>{"none.mrc"});
  CHECK(files_of_argument("$(x)") == std::vector<std::string>{"$(x)"});
  CHECK(files_of_argument("").size() == 1);
}
