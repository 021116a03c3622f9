#include "plugin/patches/patch_files.h"

#include "core/base/error.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <system_error>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <limits>

namespace limpid {
namespace {

std::string part_of(const std::string& path) {
  return path + ".part";
}

bool find_file(const std::string& path, struct stat& status) {
  return ::lstat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

void synchronize_folder(const std::string& folder) {
  const FileDescriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // Some network file systems know no fsync of folders; there a rename is durable by itself.
  if (!descriptor.is_open() ||
      (::fsync(descriptor.get()) != 0 && errno != EINVAL && errno != ENOTSUP))
    fail(ErrorKind::storage,
         "writing '{}': making it durable: {}",
         folder,
         std::generic_category().message(errno));
}

}  // namespace

GrowingFile::GrowingFile(std::string final_path)
    : final_path_(std::move(final_path)), part_path_(part_of(final_path_)) {}

void GrowingFile::fail_storage(const char* doing, int error) const {
  fail(ErrorKind::storage,
       "{} '{}' at byte {}: {}",
       doing,
       part_path_,
       size_bytes_,
       std::generic_category().message(error));
}

void GrowingFile::begin(std::uint64_t size_bytes) {
  struct stat status {};
  // A finished file is taken back, so that none is under its final name while it grows.
  if (!find_file(part_path_, status) && find_file(final_path_, status) &&
      ::rename(final_path_.c_str(), part_path_.c_str()) != 0)
    fail_storage("taking back", errno);
  descriptor_ =
      FileDescriptor(::open(part_path_.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666));
  if (!descriptor_.is_open())
    fail_storage("opening", errno);
  if (::ftruncate(descriptor_.get(), static_cast<off_t>(size_bytes)) != 0)
    fail_storage("shortening", errno);
  size_bytes_ = size_bytes;
}

void GrowingFile::reserve(std::uint64_t size_bytes) {
  if (size_bytes <= size_bytes_)
    return;
  const int reserved =
      ::fallocate(descriptor_.get(), FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(size_bytes));
  // Not every file system can reserve; there the writing finds out.
  if (reserved != 0 && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG))
    fail(ErrorKind::storage,
         "reserving {} bytes for '{}': {}",
         size_bytes,
         part_path_,
         std::generic_category().message(errno));
}

void GrowingFile::append(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count =
        ::pwrite(descriptor_.get(), bytes.data(), bytes.size(), static_cast<off_t>(size_bytes_));
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      fail_storage("writing", count < 0 ? errno : EIO);
    size_bytes_ += static_cast<std::uint64_t>(count);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

void GrowingFile::synchronize() {
  while (::fdatasync(descriptor_.get()) != 0)
    if (errno != EINTR)
      fail_storage("writing", errno);
}

void GrowingFile::finish() {
  // A micrograph that failed has left room that was reserved for it.
  if (::ftruncate(descriptor_.get(), static_cast<off_t>(size_bytes_)) != 0)
    fail_storage("finishing", errno);
  while (::fsync(descriptor_.get()) != 0)
    if (errno != EINTR)
      fail_storage("finishing", errno);
  if (::close(descriptor_.release()) != 0 && errno != EINTR)
    fail_storage("finishing", errno);
  const bool is_done = size_bytes_ == 0 ? ::unlink(part_path_.c_str()) == 0
                                        : ::rename(part_path_.c_str(), final_path_.c_str()) == 0;
  if (!is_done)
    fail_storage("finishing", errno);
}

PatchFiles::PatchFiles(const std::string& folder, const PreparedDataset& dataset)
    : folder_(folder) {
  for (const PatchSetKind set : {PatchSetKind::train, PatchSetKind::test})
    for (const PatchRole role : {PatchRole::input, PatchRole::target})
      if (dataset.has_inputs || role == PatchRole::target)
        files_.try_emplace({set, role}, folder + "/" + patch_file_name(set, role));
}

std::uint64_t PatchFiles::available_bytes(PatchSetKind set) const {
  std::uint64_t smallest = std::numeric_limits<std::uint64_t>::max();
  for (const auto& [key, file] : files_) {
    if (key.first != set)
      continue;
    struct stat status {};
    const bool is_there =
        find_file(part_of(file.final_path()), status) || find_file(file.final_path(), status);
    smallest = std::min(smallest, is_there ? static_cast<std::uint64_t>(status.st_size) : 0);
  }
  return smallest;
}

std::uint64_t PatchFiles::allocated_bytes() const {
  constexpr std::uint64_t block_bytes = 512;
  std::uint64_t sum = 0;
  for (const auto& [key, file] : files_)
    for (const std::string& path : {file.final_path(), part_of(file.final_path())}) {
      struct stat status {};
      if (find_file(path, status))
        sum += static_cast<std::uint64_t>(status.st_blocks) * block_bytes;
    }
  return sum;
}

void PatchFiles::begin(const SetBytes& kept, const SetBytes& expected) {
  for (auto& [key, file] : files_)
    file.begin(kept.of(key.first));
  for (auto& [key, file] : files_)
    file.reserve(expected.of(key.first));
}

void PatchFiles::append(PatchSetKind set, const PatchBytes& bytes) {
  if (!bytes.input.empty())
    files_.at({set, PatchRole::input}).append(bytes.input);
  files_.at({set, PatchRole::target}).append(bytes.target);
}

void PatchFiles::synchronize(PatchSetKind set) {
  for (auto& [key, file] : files_)
    if (key.first == set)
      file.synchronize();
}

void PatchFiles::finish() {
  for (auto& [key, file] : files_)
    file.finish();
  synchronize_folder(folder_);
}

void PatchFiles::remove() {
  for (const auto& [key, file] : files_)
    for (const std::string& path : {file.final_path(), part_of(file.final_path())}) {
      struct stat status {};
      if (find_file(path, status) && ::unlink(path.c_str()) != 0)
        fail(ErrorKind::storage, "removing '{}': {}", path, std::generic_category().message(errno));
    }
}

std::uint64_t free_disk_bytes(const std::string& folder) {
  std::error_code ignored;
  std::filesystem::path existing = std::filesystem::absolute(folder, ignored);
  while (!existing.empty() && existing != existing.root_path() &&
         !std::filesystem::exists(existing, ignored))
    existing = existing.parent_path();
  struct statvfs status {};
  if (::statvfs(existing.c_str(), &status) != 0)
    return std::numeric_limits<std::uint64_t>::max();
  return static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
}

}  // namespace limpid
