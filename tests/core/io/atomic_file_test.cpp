#include "core/io/atomic_file.h"

#include "core/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <thread>
#include <vector>

using namespace limpid;
using limpid::test::content_of;
using limpid::test::TemporaryFolder;

namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

template <class Action>
std::string storage_error(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::storage);
    return error.what();
  }
  return "nothing was thrown";
}

// Lets files of this process grow to `size_bytes` only, as a full disk would.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t size_bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    previous_handler_ = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{size_bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, previous_handler_);
  }

 private:
  rlimit before_{};
  void (*previous_handler_)(int) = nullptr;
};

}  // namespace

TEST_CASE("atomic_file: the name appears with commit, complete, and nothing is left behind") {
  const TemporaryFolder folder;
  const std::string path = folder.path("out.bin");
  AtomicFile file(path, 100);
  file.append(bytes_of("0123"));
  file.append(bytes_of("456789"));
  file.overwrite(2, bytes_of("xy"));
  CHECK_FALSE(std::filesystem::exists(path));
  CHECK(file.size_bytes() == 10);
  file.commit();
  CHECK(content_of(path) == "01xy456789");
  CHECK(folder.file_count() == 1);
  CHECK_THROWS_AS(file.append(bytes_of("z")), Error);
  CHECK_THROWS_AS(file.commit(), Error);
}

TEST_CASE("atomic_file: room that was reserved and not used is given back") {
  const TemporaryFolder folder;
  AtomicFile file(folder.path("a"), 8 << 20);
  file.append(bytes_of("0123"));
  file.commit();
  struct stat status {};
  REQUIRE(::stat(folder.path("a").c_str(), &status) == 0);
  CHECK(status.st_size == 4);
  CHECK(status.st_blocks * 512 < 1 << 20);
}

TEST_CASE("atomic_file: without commit the old file stays and the new one goes") {
  const TemporaryFolder folder;
  const std::string path = folder.write("out", "old");
  {
    AtomicFile file(path);
    file.append(bytes_of("new"));
    CHECK(folder.file_count() == 2);
  }
  CHECK(content_of(path) == "old");
  CHECK(folder.file_count() == 1);
  write_file_atomically(path, "new");
  CHECK(content_of(path) == "new");
}

TEST_CASE("atomic_file: the temporary name is hidden and fits even for the longest names") {
  const TemporaryFolder folder;
  const std::string name(255, 'n');
  const AtomicFile file(folder.path(name));
  REQUIRE(folder.file_count() == 1);
  const auto entry = *std::filesystem::directory_iterator(folder.path());
  const std::string temporary = entry.path().filename().string();
  CHECK(temporary.starts_with(".nnn"));
  CHECK(temporary.ends_with(".tmp"));
}

TEST_CASE("atomic_file: places that cannot be written to are storage errors that name the file") {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder.path("taken"));
  CHECK_THAT(storage_error([&] { write_file_atomically(folder.path("none/a"), "x"); }),
             ContainsSubstring("none/a': creating") && ContainsSubstring("No such file"));
  CHECK_THAT(storage_error([&] { write_file_atomically(folder.path("taken"), "x"); }),
             ContainsSubstring("taken': finishing its 1 bytes: Is a directory"));
  CHECK_THAT(storage_error([&] { write_file_atomically(folder.path("a/"), "x"); }),
             ContainsSubstring("cannot be a file name"));
  CHECK_THAT(storage_error([&] { write_file_atomically("", "x"); }),
             ContainsSubstring("cannot be a file name"));
  CHECK(folder.file_count() == 1);
}

TEST_CASE("atomic_file: a disk that fills up keeps the old file and is reported") {
  const TemporaryFolder folder;
  const std::string path = folder.write("out", "old");
  const std::vector<std::byte> block(4096);
  std::string while_writing;
  {
    const FileSizeLimit limit(10000);
    while_writing = storage_error([&] {
      AtomicFile file(path);
      for (int i = 0; i < 10; ++i)
        file.append(block);
    });
  }
  // The third block is written in part before the refusal.
  CHECK(while_writing == "writing '" + path + "': 2288 bytes at byte 10000: File too large");
  CHECK(content_of(path) == "old");
  CHECK(folder.file_count() == 1);
}

TEST_CASE("atomic_file: a symbolic link at the name is replaced, not followed") {
  const TemporaryFolder folder;
  const std::string target = folder.write("target", "untouched");
  std::filesystem::create_symlink(target, folder.path("out"));
  write_file_atomically(folder.path("out"), "new");
  CHECK(content_of(target) == "untouched");
  CHECK_FALSE(std::filesystem::is_symlink(folder.path("out")));
}

TEST_CASE("atomic_file: threads that write the same name never mix their bytes") {
  const TemporaryFolder folder;
  const std::string path = folder.path("out");
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      for (int round = 0; round < 5; ++round)
        write_file_atomically(path, std::string(10000, static_cast<char>('a' + i)));
    });
  for (std::thread& thread : threads)
    thread.join();
  const std::string content = content_of(path);
  CHECK(content == std::string(10000, content.front()));
  CHECK(folder.file_count() == 1);
}
