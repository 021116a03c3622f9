#include "core/io/input_file.h"

#include "core/base/hash.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>

#include <algorithm>
#include <cerrno>
#include <vector>

namespace limpid {
namespace {

std::string system_message(int error) {
  return std::generic_category().message(error);
}

}  // namespace

InputFile::InputFile(const std::string& path, ErrorKind kind) : path_(path), kind_(kind) {
  if (path.find('\0') != std::string::npos)
    fail(kind, "reading '{}': the file name contains a NUL byte", path.c_str());
  // O_NONBLOCK: opening a pipe without a writer would wait for ever.
  descriptor_ = FileDescriptor(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  if (!descriptor_.is_open())
    fail(kind, "reading '{}': {}", path, system_message(errno));
  struct stat status {};
  if (::fstat(descriptor_.get(), &status) != 0)
    fail(kind, "reading '{}': {}", path, system_message(errno));
  if (S_ISDIR(status.st_mode))
    fail(kind, "reading '{}': it is a folder, expected a file", path);
  if (!S_ISREG(status.st_mode))
    fail(kind, "reading '{}': it is a pipe, socket or device, expected a regular file", path);
  size_bytes_ = static_cast<std::uint64_t>(status.st_size);
  // Larger read-ahead; only a hint.
  static_cast<void>(::posix_fadvise(descriptor_.get(), 0, 0, POSIX_FADV_SEQUENTIAL));
}

void InputFile::read_at(std::uint64_t offset, std::span<std::byte> destination) const {
  while (!destination.empty()) {
    const ssize_t count = ::pread(
        descriptor_.get(), destination.data(), destination.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      fail(kind_, "reading '{}' at byte {}: {}", path_, offset, system_message(errno));
    if (count == 0)
      fail(kind_,
           "reading '{}': the file ends at byte {}, {} more bytes were expected",
           path_,
           offset,
           destination.size());
    offset += static_cast<std::uint64_t>(count);
    destination = destination.subspan(static_cast<std::size_t>(count));
  }
}

std::string read_whole_file(const std::string& path, std::uint64_t limit_bytes, ErrorKind kind) {
  const InputFile file(path, kind);
  if (file.size_bytes() > limit_bytes)
    fail(kind,
         "reading '{}': the file has {} bytes, at most {} are allowed",
         path,
         file.size_bytes(),
         limit_bytes);
  std::string content(file.size_bytes(), '\0');
  file.read_at(0, std::as_writable_bytes(std::span(content)));
  return content;
}

std::string content_hash_of_file(const std::string& path, ErrorKind kind) {
  constexpr std::uint64_t block_bytes = 1 << 20;
  const InputFile file(path, kind);
  std::vector<std::byte> block(std::min(block_bytes, file.size_bytes()));
  ContentHash hash;
  for (std::uint64_t offset = 0; offset < file.size_bytes(); offset += block_bytes) {
    const auto piece = std::span(block).first(std::min(block_bytes, file.size_bytes() - offset));
    file.read_at(offset, piece);
    hash.update(piece);
  }
  return hash.hex();
}

}  // namespace limpid
