#pragma once

#include "core/base/error.h"
#include "core/io/file_descriptor.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace limpid {

// A regular file opened for reading. Opening never waits: a pipe, a device or a folder is refused.
// All errors have the kind given to the constructor and name the file.
class InputFile {
 public:
  InputFile(const std::string& path, ErrorKind kind);

  const std::string& path() const { return path_; }
  ErrorKind error_kind() const { return kind_; }
  // When the file was opened.
  std::uint64_t size_bytes() const { return size_bytes_; }

  // Fills `destination` with the bytes from `offset` on; throws if the file ends before. May be
  // called from several threads at once.
  void read_at(std::uint64_t offset, std::span<std::byte> destination) const;

  // Gives the descriptor to a library that reads and closes the file itself.
  int release() { return descriptor_.release(); }

 private:
  std::string path_;
  ErrorKind kind_;
  FileDescriptor descriptor_;
  std::uint64_t size_bytes_ = 0;
};

// The whole content; throws Error(kind) as InputFile does, or if the file exceeds `limit_bytes`.
std::string read_whole_file(const std::string& path,
                            std::uint64_t limit_bytes,
                            ErrorKind kind = ErrorKind::input);

// Hash of the content as ContentHash gives it, read in blocks.
std::string content_hash_of_file(const std::string& path, ErrorKind kind = ErrorKind::input);

}  // namespace limpid
