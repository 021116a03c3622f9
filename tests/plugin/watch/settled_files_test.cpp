#include "plugin/watch/settled_files.h"

#include "core/image/image.h"
#include "core/io/mrc_writer.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

#include <fstream>
#include <string>

using namespace limpid;
using namespace limpid::test;

namespace {

void append(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::app) << bytes;
}

}  // namespace

TEST_CASE(
    "settled files: a file is unchanged from the second look on, and changed after each write") {
  const TemporaryFolder folder;
  const std::string path = folder.path("list");
  SettledFiles files;
  CHECK_FALSE(files.is_unchanged(path));
  CHECK_FALSE(files.is_unchanged(path));  // it is not there
  append(path, "a");
  CHECK_FALSE(files.is_unchanged(path));
  CHECK(files.is_unchanged(path));
  append(path, "b");
  CHECK_FALSE(files.is_unchanged(path));
  CHECK(files.is_unchanged(path));
}

TEST_CASE("settled files: a micrograph shorter than its header says is not complete") {
  const TemporaryFolder folder;
  const std::string whole = folder.path("whole.mrc");
  write_mrc(whole, Image(20, 30, 1.0f), {});
  const std::string content = content_of(whole);
  const std::string path = folder.path("growing.mrc");
  SettledFiles files;
  const auto is_complete_in_the_end = [&] {
    static_cast<void>(files.is_complete(path));
    return files.is_complete(path);
  };
  append(path, content.substr(0, 500));
  CHECK_FALSE(is_complete_in_the_end());
  append(path, content.substr(500, 1500));
  CHECK_FALSE(is_complete_in_the_end());
  append(path, content.substr(2000));
  CHECK(is_complete_in_the_end());
}

TEST_CASE("settled files: what makes no sense is left to readers") {
  const TemporaryFolder folder;
  const std::string path = folder.path("text.mrc");
  append(path, std::string(3000, 'x'));
  SettledFiles files;
  CHECK_FALSE(files.is_complete(path));
  CHECK(files.is_complete(path));
}
