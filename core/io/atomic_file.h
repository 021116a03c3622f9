#pragma once

#include "core/io/file_descriptor.h"
#include "core/io/input_file.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace limpid {

// A file that appears complete under its name or not at all: bytes go to a temporary file
// (".NAME.PID.N.tmp") in the same folder, and commit() renames it. Without commit() the destructor
// removes it. A full disk or any other refusal throws Error(ErrorKind::storage) that names the file
// and the bytes.
class AtomicFile {
 public:
  // `expected_size_bytes` reserves room beforehand, so that a full disk is found before work is
  // done; 0 if unknown.
  explicit AtomicFile(const std::string& path, std::uint64_t expected_size_bytes = 0);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  const std::string& path() const { return path_; }
  // Bytes appended so far.
  std::uint64_t size_bytes() const { return size_bytes_; }

  void append(std::span<const std::byte> bytes);
  // Overwrites bytes that were appended before.
  void overwrite(std::uint64_t offset, std::span<const std::byte> bytes);

  // Makes the file durable and visible: fsync, close, rename, fsync of the folder. Replaces an
  // older file of that name. To be called once; nothing can be written afterwards.
  void commit();

 private:
  void write_at(std::uint64_t offset, std::span<const std::byte> bytes);
  void create_temporary();
  [[noreturn]] void fail_writing(int error) const;

  std::string path_;
  std::string folder_;
  std::string temporary_path_;
  FileDescriptor descriptor_;
  std::uint64_t reserved_bytes_ = 0;
  std::uint64_t size_bytes_ = 0;
};

void write_file_atomically(const std::string& path, std::span<const std::byte> bytes);
void write_file_atomically(const std::string& path, std::string_view text);

}  // namespace limpid
