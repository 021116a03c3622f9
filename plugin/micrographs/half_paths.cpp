#include "plugin/micrographs/half_paths.h"

#include "plugin/micrographs/output_name.h"

#include <system_error>

#include <filesystem>

namespace limpid {
namespace {

namespace fs = std::filesystem;

std::string stem_of(const fs::path& path) {
  return std::string(without_extension(path.filename().string()));
}

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

}  // namespace

std::optional<HalfPaths> find_halves(const std::string& micrograph_path) {
  const fs::path path(micrograph_path);
  const fs::path folder = path.parent_path();
  const std::string stem = stem_of(path);
  const std::string own_extension = path.filename().string().substr(stem.size());
  for (const std::string& extension : {own_extension, std::string(".mrc")}) {
    const fs::path even = folder / (stem + "_EVN" + extension);
    const fs::path odd = folder / (stem + "_ODD" + extension);
    if (is_file(even) && is_file(odd))
      return HalfPaths{even.string(), odd.string()};
  }
  const fs::path even = folder / "even" / path.filename();
  const fs::path odd = folder / "odd" / path.filename();
  if (is_file(even) && is_file(odd))
    return HalfPaths{even.string(), odd.string()};
  return std::nullopt;
}

std::optional<std::string> find_truth(const std::string& micrograph_path) {
  const fs::path path(micrograph_path);
  const fs::path truth = path.parent_path() / (stem_of(path) + "_CLEAN.mrc");
  return is_file(truth) ? std::optional(truth.string()) : std::nullopt;
}

bool is_half_name(const std::string& path) {
  const std::string stem = stem_of(path);
  return stem.ends_with("_EVN") || stem.ends_with("_ODD");
}

}  // namespace limpid
