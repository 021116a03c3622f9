#include "plugin/output/input_protection.h"

#include "core/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

#include <filesystem>

using namespace limpid;
using namespace limpid::test;

TEST_CASE("input protection: a result in place of any input is refused") {
  const TemporaryFolder folder;
  const std::string a = folder.write("a.mrc", "a");
  const std::string b = folder.write("b.mrc", "b");
  forbid_replacing_inputs({a, b}, {folder.path("c.mrc"), folder.path("none/d.mrc")});
  CHECK_THROWS_WITH(forbid_replacing_inputs({a, b}, {folder.path("c.mrc"), b}),
                    ContainsSubstring(b));
}

TEST_CASE("input protection: links to an input are seen through") {
  const TemporaryFolder folder;
  const std::string a = folder.write("a.mrc", "a");
  std::filesystem::create_symlink(a, folder.path("link.mrc"));
  std::filesystem::create_directory_symlink(folder.path(), folder.path("here"));
  CHECK_THROWS_AS(forbid_replacing_inputs({a}, {folder.path("link.mrc")}), Error);
  CHECK_THROWS_AS(forbid_replacing_inputs({folder.path("link.mrc")}, {a}), Error);
  CHECK_THROWS_AS(forbid_replacing_inputs({a}, {folder.path("here/a.mrc")}), Error);
}

TEST_CASE("input protection: folders and missing files are no matter") {
  const TemporaryFolder folder;
  forbid_replacing_inputs({folder.path(), "", "none"}, {folder.path(), "", "none"});
}
