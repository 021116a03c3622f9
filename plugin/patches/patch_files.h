#pragma once

#include "core/data/prepared_dataset.h"
#include "core/io/file_descriptor.h"
#include "plugin/patches/patch_cutting.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>

namespace limpid {

// A file of patches while it grows, under the name NAME.part.
class GrowingFile {
 public:
  explicit GrowingFile(std::string final_path);

  const std::string& final_path() const { return final_path_; }
  std::uint64_t size_bytes() const { return size_bytes_; }

  // Opens it, at its first use by this run, and cuts it to `size_bytes`, which it has at least.
  void begin(std::uint64_t size_bytes);
  // Takes room for `size_bytes` in all, so that a full disk is found before work is done.
  void reserve(std::uint64_t size_bytes);
  void append(std::span<const std::byte> bytes);
  void synchronize();
  // Gives back what was reserved and not needed, makes the file durable and gives it its name.
  void finish();

 private:
  [[noreturn]] void fail_storage(const char* doing, int error) const;

  std::string final_path_;
  std::string part_path_;
  FileDescriptor descriptor_;
  std::uint64_t size_bytes_ = 0;
};

// The four files of a dataset, or fewer.
class PatchFiles {
 public:
  PatchFiles(const std::string& folder, const PreparedDataset& dataset);

  // Bytes that each file of the set has at least, finished or not; 0 if one is missing.
  std::uint64_t available_bytes(PatchSetKind set) const;
  // Room on the disk that the files take now.
  std::uint64_t allocated_bytes() const;
  // Takes finished files back to go on with them, keeps so many bytes of each and reserves room.
  // `kept` and `expected` are bytes of each file, training set first.
  struct SetBytes {
    std::uint64_t train = 0;
    std::uint64_t test = 0;
    std::uint64_t of(PatchSetKind set) const { return set == PatchSetKind::train ? train : test; }
  };
  void begin(const SetBytes& kept, const SetBytes& expected);
  void append(PatchSetKind set, const PatchBytes& bytes);
  void synchronize(PatchSetKind set);
  void finish();
  // Removes all, finished or not.
  void remove();

 private:
  std::string folder_;
  std::map<std::pair<PatchSetKind, PatchRole>, GrowingFile> files_;
};

// Bytes that the file system of `folder`, or of the folder above that exists, has left for this
// user; the largest number if it does not say.
std::uint64_t free_disk_bytes(const std::string& folder);

}  // namespace limpid
