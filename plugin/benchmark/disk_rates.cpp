#include "plugin/benchmark/disk_rates.h"

#include "core/base/error.h"
#include "core/io/atomic_file.h"
#include "core/io/file_descriptor.h"
#include "core/io/input_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace limpid {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t block_bytes = std::size_t{8} << 20;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// That no file system can shorten: every 8 bytes are others.
std::vector<std::byte> incompressible_block() {
  std::vector<std::byte> block(block_bytes);
  std::uint64_t state = 0x9e3779b97f4a7c15u;
  for (std::byte& byte : block) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    byte = static_cast<std::byte>(state >> 32);
  }
  return block;
}

class RemovedFile {
 public:
  explicit RemovedFile(std::filesystem::path path) : path_(std::move(path)) {}
  RemovedFile(const RemovedFile&) = delete;
  RemovedFile& operator=(const RemovedFile&) = delete;
  ~RemovedFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

void drop_from_page_cache(const std::string& path) {
  const FileDescriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (descriptor.get() < 0 || ::posix_fadvise(descriptor.get(), 0, 0, POSIX_FADV_DONTNEED) != 0)
    fail(ErrorKind::storage, "measuring the disk: '{}' cannot be read from the disk again", path);
}

}  // namespace

DiskRates measure_disk(const std::string& folder, std::size_t size_bytes) {
  if (!std::filesystem::is_directory(folder))
    fail(ErrorKind::usage, "--disk {}: no folder is there", folder);
  const RemovedFile file(std::filesystem::path(folder) /
                         fmt::format(".limpid_disk_{}", ::getpid()));
  std::vector<std::byte> block = incompressible_block();
  DiskRates rates;
  const auto for_each_block = [&](const auto& action) {
    for (std::size_t at = 0; at < size_bytes; at += block_bytes)
      action(at, std::span(block).first(std::min(block_bytes, size_bytes - at)));
  };

  const Clock::time_point write_begin = Clock::now();
  AtomicFile written(file.path(), size_bytes);
  for_each_block([&](std::size_t, std::span<std::byte> part) { written.append(part); });
  written.commit();
  rates.write_bytes_per_s = static_cast<double>(size_bytes) / seconds_since(write_begin);

  drop_from_page_cache(file.path());
  const Clock::time_point read_begin = Clock::now();
  const InputFile input(file.path(), ErrorKind::storage);
  for_each_block([&](std::size_t at, std::span<std::byte> part) { input.read_at(at, part); });
  rates.read_bytes_per_s = static_cast<double>(size_bytes) / seconds_since(read_begin);
  return rates;
}

}  // namespace limpid
