#include "plugin/micrographs/micrograph_arguments.h"

#include "core/base/error.h"
#include "plugin/micrographs/half_paths.h"
#include "plugin/micrographs/output_name.h"

#include <system_error>

#include <algorithm>
#include <array>
#include <filesystem>
#include <glob.h>
#include <set>

namespace limpid {
namespace {

namespace fs = std::filesystem;

bool has_image_extension(const fs::path& path) {
  const std::string name = folded(path.filename().string());
  constexpr std::array extensions = {".mrc", ".tif", ".tiff", ".mrc.gz", ".mrc.bz2"};
  return std::any_of(extensions.begin(), extensions.end(), [&](const char* extension) {
    return name.ends_with(extension);
  });
}

std::vector<std::string> files_in(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    if (has_image_extension(at->path()) && !at->path().filename().string().starts_with("."))
      files.push_back(at->path().string());
  if (error)
    fail(ErrorKind::usage, "reading the folder '{}': {}", folder, error.message());
  std::set<std::string> truths;
  for (const std::string& file : files)
    if (const auto truth = find_truth(file))
      truths.insert(*truth);
  std::erase_if(files, [&](const std::string& file) { return truths.contains(file); });
  if (!std::all_of(files.begin(), files.end(), is_half_name))
    std::erase_if(files, is_half_name);
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<std::string> matches_of(const std::string& pattern) {
  glob_t found{};
  const int status = ::glob(pattern.c_str(), 0, nullptr, &found);
  std::vector<std::string> files;
  if (status == 0)
    files.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  return files;
}

}  // namespace

std::vector<std::string> files_of_argument(const std::string& argument) {
  std::error_code ignored;
  if (fs::is_directory(argument, ignored))
    return files_in(argument);
  // A file that exists is meant as it is, even with a star in its name.
  if (fs::exists(argument, ignored) || argument.find_first_of("*?[") == std::string::npos)
    return {argument};
  const std::vector<std::string> files = matches_of(argument);
  if (files.empty())
    fail(ErrorKind::usage, "no file matches '{}'", argument);
  return files;
}

}  // namespace limpid
