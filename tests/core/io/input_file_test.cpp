#include "core/io/input_file.h"

#include "core/base/hash.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>

using namespace limpid;
using limpid::test::TemporaryFolder;

namespace {

std::string opening_error(const std::string& path) {
  try {
    const InputFile file(path, ErrorKind::model);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::model);
    return error.what();
  }
  return "opened";
}

}  // namespace

TEST_CASE("input_file: reads any range, and names the file when it ends too early") {
  const TemporaryFolder folder;
  const InputFile file(folder.write("a", "0123456789"), ErrorKind::input);
  CHECK(file.size_bytes() == 10);
  std::string text(4, ' ');
  file.read_at(3, std::as_writable_bytes(std::span(text)));
  CHECK(text == "3456");
  CHECK_THROWS_WITH(
      file.read_at(8, std::as_writable_bytes(std::span(text))),
      "reading '" + folder.path("a") + "': the file ends at byte 10, 2 more bytes were expected");
}

TEST_CASE("input_file: whatever is not a regular file is refused without waiting") {
  const TemporaryFolder folder;
  REQUIRE(::mkfifo(folder.path("pipe").c_str(), 0600) == 0);
  REQUIRE(::symlink("loop", folder.path("loop").c_str()) == 0);
  CHECK_THAT(opening_error(folder.path("none")), ContainsSubstring("none': No such file"));
  CHECK_THAT(opening_error(folder.path()), ContainsSubstring("it is a folder"));
  CHECK_THAT(opening_error(folder.path("pipe")), ContainsSubstring("it is a pipe"));
  CHECK_THAT(opening_error("/dev/zero"), ContainsSubstring("or device"));
  CHECK_THAT(opening_error(folder.path("loop")), ContainsSubstring("symbolic links"));
  CHECK_THAT(opening_error(folder.path("none/a")), ContainsSubstring("No such file"));
  CHECK_THAT(opening_error(folder.path(std::string(5000, 'x'))),
             ContainsSubstring("File name too long"));
  CHECK_THAT(opening_error(""), ContainsSubstring("No such file"));
  CHECK_THAT(opening_error(std::string("a\0b", 3)), ContainsSubstring("NUL"));
}

TEST_CASE("input_file: a file that may not be read says so") {
  const TemporaryFolder folder;
  const std::string path = folder.write("secret", "x");
  REQUIRE(::chmod(path.c_str(), 0) == 0);
  // The superuser may read everything; take part as nobody then.
  const bool is_superuser = ::geteuid() == 0;
  constexpr uid_t nobody = 65534;
  if (is_superuser) {
    REQUIRE(::chmod(folder.path().c_str(), 0755) == 0);
    REQUIRE(::seteuid(nobody) == 0);
  }
  const std::string message = opening_error(path);
  if (is_superuser)
    REQUIRE(::seteuid(0) == 0);
  CHECK_THAT(message, ContainsSubstring("Permission denied"));
}

TEST_CASE("input_file: whole files are read up to a limit") {
  const TemporaryFolder folder;
  const std::string path = folder.write("a", std::string("\0b\n", 3));
  CHECK(read_whole_file(path, 3) == std::string("\0b\n", 3));
  CHECK(read_whole_file(folder.write("empty", ""), 0).empty());
  CHECK_THROWS_WITH(read_whole_file(path, 2), ContainsSubstring("3 bytes, at most 2"));
}

TEST_CASE("input_file: the hash of a file is the hash of its bytes") {
  const TemporaryFolder folder;
  const std::string content((3 << 20) + 17, 'q');
  CHECK(content_hash_of_file(folder.write("a", content)) ==
        content_hash(std::as_bytes(std::span(content))));
  CHECK(content_hash_of_file(folder.write("empty", "")) == content_hash({}));
}
