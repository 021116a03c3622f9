#include "core/data/prepared_dataset.h"

#include "core/base/checked_math.h"
#include "core/base/error.h"
#include "core/io/input_file.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

namespace limpid {
namespace {

constexpr std::uint64_t largest_description_bytes = std::uint64_t{1} << 30;

void check_size(const PreparedDataset& dataset,
                const std::string& folder,
                PatchSetKind kind,
                PatchRole role) {
  const std::string path = folder + "/" + patch_file_name(kind, role);
  const auto count = static_cast<std::uint64_t>(dataset.patch_count(kind));
  const std::uint64_t expected = checked_multiply(count, dataset.patch_bytes());
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0)
    fail(ErrorKind::usage, "reading the patches '{}': {}", path, std::strerror(errno));
  if (!S_ISREG(status.st_mode) || static_cast<std::uint64_t>(status.st_size) != expected)
    fail(
        ErrorKind::usage,
        "reading the patches '{}': {} bytes, expected {} for {} patches of {} x {} pixels ({}), as "
        "'{}' says",
        path,
        status.st_size,
        expected,
        count,
        dataset.patch_size_px,
        dataset.patch_size_px,
        dataset.is_float16 ? "float16" : "float32",
        PreparedDataset::description_name);
}

}  // namespace

const char* name(PatchSetKind kind) {
  return kind == PatchSetKind::train ? "train" : "test";
}

const char* name(PatchRole role) {
  return role == PatchRole::input ? "input" : "target";
}

std::int64_t PreparedDataset::patch_count(PatchSetKind kind) const {
  std::int64_t count = 0;
  for (const PatchedMicrograph& micrograph : set(kind))
    count += micrograph.patch_count();
  return count;
}

std::uint64_t PreparedDataset::patch_bytes() const {
  return static_cast<std::uint64_t>(patch_size_px * patch_size_px) * (is_float16 ? 2 : 4);
}

bool PreparedDataset::has_file(PatchSetKind kind, PatchRole role) const {
  return patch_count(kind) > 0 && (has_inputs || role == PatchRole::target);
}

std::string patch_file_name(PatchSetKind kind, PatchRole role) {
  return fmt::format("{}_{}.bin", name(kind), name(role));
}

std::int64_t patches_along(std::int64_t length_px,
                           std::int64_t patch_size_px,
                           std::int64_t stride_px) {
  return length_px < patch_size_px ? 0 : (length_px - patch_size_px) / stride_px + 1;
}

PreparedDataset read_prepared_dataset(const std::string& folder) {
  const std::string path = folder + "/" + PreparedDataset::description_name;
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0)
    fail(
        ErrorKind::usage,
        "reading the prepared patches in '{}': there is no {} (it is written when all patches are)",
        folder,
        PreparedDataset::description_name);
  const PreparedDataset dataset = with_context("reading '" + path + "'", [&] {
    return prepared_dataset_from_json(
        read_whole_file(path, largest_description_bytes, ErrorKind::usage));
  });
  for (const PatchSetKind kind : {PatchSetKind::train, PatchSetKind::test})
    for (const PatchRole role : {PatchRole::input, PatchRole::target})
      if (dataset.has_file(kind, role))
        check_size(dataset, folder, kind, role);
  return dataset;
}

}  // namespace limpid
