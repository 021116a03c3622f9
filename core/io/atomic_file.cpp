#include "core/io/atomic_file.h"

#include "core/base/error.h"
#include "core/base/log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <system_error>

#include <atomic>
#include <cerrno>
#include <cstdio>

namespace limpid {
namespace {

std::string system_message(int error) {
  return std::generic_category().message(error);
}

// File names have at most 255 bytes on all common file systems; this leaves room for the rest of a
// temporary name.
constexpr std::size_t longest_kept_name = 200;

void synchronize_folder(const std::string& folder, const std::string& path) {
  const FileDescriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!descriptor.is_open())
    fail(ErrorKind::storage, "writing '{}': opening its folder: {}", path, system_message(errno));
  // Some network file systems know no fsync of folders; there the rename itself is durable.
  if (::fsync(descriptor.get()) != 0 && errno != EINVAL && errno != ENOTSUP)
    fail(ErrorKind::storage,
         "writing '{}': making its folder durable: {}",
         path,
         system_message(errno));
}

}  // namespace

AtomicFile::AtomicFile(const std::string& path, std::uint64_t expected_size_bytes) : path_(path) {
  if (path.empty() || path.back() == '/' || path.find('\0') != std::string::npos)
    fail(ErrorKind::storage, "writing '{}': this cannot be a file name", path.c_str());
  const std::size_t slash = path.rfind('/');
  folder_ = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  create_temporary();
  if (expected_size_bytes == 0)
    return;
  const int reserved = ::fallocate(
      descriptor_.get(), FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(expected_size_bytes));
  if (reserved != 0 && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)) {
    const int error = errno;
    static_cast<void>(::unlink(temporary_path_.c_str()));
    fail(ErrorKind::storage,
         "writing '{}': reserving {} bytes: {}",
         path_,
         expected_size_bytes,
         system_message(error));
  }
  reserved_bytes_ = expected_size_bytes;
}

AtomicFile::~AtomicFile() {
  if (temporary_path_.empty())
    return;
  if (::unlink(temporary_path_.c_str()) != 0)
    log_warning("removing '{}': {}", temporary_path_, system_message(errno));
}

void AtomicFile::create_temporary() {
  static std::atomic<unsigned> counter = 0;
  const std::size_t slash = path_.rfind('/');
  const std::string name = slash == std::string::npos ? path_ : path_.substr(slash + 1);
  const std::string prefix = slash == std::string::npos ? "" : folder_;
  // A name can be taken by what an earlier process with the same number left behind.
  for (int attempt = 0; attempt < 100; ++attempt) {
    temporary_path_ = fmt::format(
        "{}.{}.{}.{}.tmp", prefix, name.substr(0, longest_kept_name), ::getpid(), counter++);
    descriptor_ = FileDescriptor(::open(
        temporary_path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
    if (descriptor_.is_open())
      return;
    if (errno != EEXIST && errno != EINTR)
      break;
  }
  const int error = errno;
  const std::string tried = std::exchange(temporary_path_, {});
  fail(ErrorKind::storage, "writing '{}': creating '{}': {}", path_, tried, system_message(error));
}

void AtomicFile::append(std::span<const std::byte> bytes) {
  write_at(size_bytes_, bytes);
  size_bytes_ += bytes.size();
}

void AtomicFile::overwrite(std::uint64_t offset, std::span<const std::byte> bytes) {
  require(offset + bytes.size() <= size_bytes_,
          "bytes {} to {} of '{}' overwritten before they were written",
          offset,
          offset + bytes.size(),
          path_);
  write_at(offset, bytes);
}

void AtomicFile::write_at(std::uint64_t offset, std::span<const std::byte> bytes) {
  require(descriptor_.is_open(), "'{}' written after it was finished", path_);
  while (!bytes.empty()) {
    const ssize_t count =
        ::pwrite(descriptor_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      fail(ErrorKind::storage,
           "writing '{}': {} bytes at byte {}: {}",
           path_,
           bytes.size(),
           offset,
           system_message(count < 0 ? errno : EIO));
    offset += static_cast<std::uint64_t>(count);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

void AtomicFile::commit() {
  require(descriptor_.is_open(), "'{}' finished twice", path_);
  // Reserved room that was not needed would stay allocated beyond the end of the file.
  if (size_bytes_ < reserved_bytes_ &&
      ::ftruncate(descriptor_.get(), static_cast<off_t>(size_bytes_)) != 0)
    fail_writing(errno);
  while (::fsync(descriptor_.get()) != 0)
    if (errno != EINTR)
      fail_writing(errno);
  // After EINTR the descriptor is closed nevertheless, and fsync has succeeded.
  if (::close(descriptor_.release()) != 0 && errno != EINTR)
    fail_writing(errno);
  if (::rename(temporary_path_.c_str(), path_.c_str()) != 0)
    fail_writing(errno);
  temporary_path_.clear();
  synchronize_folder(folder_, path_);
}

void AtomicFile::fail_writing(int error) const {
  fail(ErrorKind::storage,
       "writing '{}': finishing its {} bytes: {}",
       path_,
       size_bytes_,
       system_message(error));
}

void write_file_atomically(const std::string& path, std::span<const std::byte> bytes) {
  AtomicFile file(path, bytes.size());
  file.append(bytes);
  file.commit();
}

void write_file_atomically(const std::string& path, std::string_view text) {
  write_file_atomically(path, std::as_bytes(std::span(text)));
}

}  // namespace limpid
