#include "tests/support/catch.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

// No C++ build tool stops a wrong #include in a shared source tree, so this test does. The table is
// the drawing in docs/architecture.md.
namespace {

namespace fs = std::filesystem;

const fs::path root = LIMPID_SOURCE_DIR;

// Folder -> folders it may include besides itself.
const std::map<std::string, std::set<std::string>> allowed = {
    {"core/base", {}},
    {"core/image", {"core/base"}},
    {"core/tensor", {"core/base"}},
    {"core/io", {"core/base", "core/image"}},
    {"core/noise", {"core/base", "core/image"}},
    {"core/metrics", {"core/base", "core/image"}},
    {"core/simulate", {"core/base", "core/image"}},
    // The noise operation uses the noise model's function for one pixel, the exposer the physics'
    // functions for one element and the images that a plan holds.
    {"core/backend", {"core/base", "core/image", "core/tensor", "core/noise", "core/simulate"}},
    {"core/nn", {"core/base", "core/tensor", "core/io", "core/backend"}},
    {"core/data", {"core/base", "core/image", "core/io", "core/noise"}},
    {"core/train",
     {"core/base",
      "core/image",
      "core/tensor",
      "core/io",
      "core/noise",
      "core/metrics",
      "core/backend",
      "core/nn",
      "core/data"}},
    {"core/infer",
     {"core/base", "core/image", "core/tensor", "core/io", "core/backend", "core/nn"}},
};

struct Include {
  std::string file;  // path from the root
  std::string target;
  bool quoted = false;
};

bool is_source(const fs::path& path) {
  static const std::set<std::string> extensions = {".h", ".cpp", ".cu", ".cuh"};
  return extensions.contains(path.extension().string());
}

std::vector<fs::path> sources_below(const std::string& folder) {
  std::vector<fs::path> files;
  if (fs::exists(root / folder))
    for (const auto& entry : fs::recursive_directory_iterator(root / folder))
      if (entry.is_regular_file() && is_source(entry.path()))
        files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<std::string> lines_of(const fs::path& path) {
  std::ifstream stream(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);)
    lines.push_back(line);
  return lines;
}

std::vector<Include> includes_below(const std::string& folder) {
  std::vector<Include> includes;
  for (const fs::path& path : sources_below(folder))
    for (const std::string& line : lines_of(path)) {
      if (!line.starts_with("#include "))
        continue;
      const char open = line[9];
      const auto close = line.find(open == '"' ? '"' : '>', 10);
      includes.push_back(
          {fs::relative(path, root).string(), line.substr(10, close - 10), open == '"'});
    }
  return includes;
}

// "core/backend" of "core/backend/cuda/check.h".
std::string layer_of(const std::string& path) {
  const auto first = path.find('/');
  const auto second = path.find('/', first + 1);
  return path.substr(0, path.starts_with("core/") ? second : first);
}

std::string joined(const std::vector<std::string>& problems) {
  std::string text;
  for (const std::string& problem : problems)
    text += "\n  " + problem;
  return text;
}

bool starts_with_any(const std::string& text, const std::vector<std::string>& prefixes) {
  return std::any_of(
      prefixes.begin(), prefixes.end(), [&](const auto& p) { return text.starts_with(p); });
}

}  // namespace

TEST_CASE("architecture: arrows between folders run one way") {
  std::vector<std::string> problems;
  for (const Include& include : includes_below("core")) {
    const std::string from = layer_of(include.file);
    const std::string to = layer_of(include.target);
    if (!allowed.contains(from))
      problems.push_back(fmt::format("{}: the folder is not in the table of layers", include.file));
    else if (include.quoted && to != from && !allowed.at(from).contains(to))
      problems.push_back(fmt::format("{} includes {}", include.file, include.target));
  }
  for (const Include& include : includes_below("plugin"))
    if (include.quoted &&
        !starts_with_any(include.target, {"core/", "plugin/", "limpid_version.h"}))
      problems.push_back(fmt::format("{} includes {}", include.file, include.target));
  for (const Include& include : includes_below("relion_wrapper"))
    if (include.quoted &&
        !starts_with_any(include.target,
                         {"core/", "plugin/", "relion_wrapper/", "limpid_version.h"}))
      problems.push_back(fmt::format("{} includes {}", include.file, include.target));
  INFO(joined(problems));
  CHECK(problems.empty());
}

TEST_CASE("architecture: libraries stay behind the folders that own them") {
  const struct {
    std::vector<std::string> headers;
    std::vector<std::string> owners;
  } rules[] = {
      {{"cuda", "cudnn", "nccl", "driver_types"}, {"core/backend/cuda/"}},
      {{"oneapi/", "dnnl"}, {"core/backend/cpu/"}},
      {{"tiffio"}, {"core/io/tiff", "core/io/eer"}},
      {{"zlib", "bzlib"}, {"core/io/compressed_file"}},
      {{"cairo"}, {"plugin/drawing/"}},
      {{"CLI/"}, {"plugin/cli/", "relion_wrapper/"}},
      {{"gemmi/"}, {"core/image/fourier.cpp", "core/simulate/"}},
      {{"spdlog/"}, {"plugin/"}},
  };
  std::vector<std::string> problems;
  for (const char* folder : {"core", "plugin", "relion_wrapper"})
    for (const Include& include : includes_below(folder))
      for (const auto& rule : rules)
        if (!include.quoted && starts_with_any(include.target, rule.headers) &&
            !starts_with_any(include.file, rule.owners))
          problems.push_back(fmt::format("{} includes <{}>", include.file, include.target));
  // Concrete backends are named by the registry and by themselves only.
  for (const Include& include : includes_below("core"))
    if (starts_with_any(include.target,
                        {"core/backend/cpu/", "core/backend/cuda/", "core/backend/reference/"}) &&
        !starts_with_any(include.file,
                         {"core/backend/cpu/",
                          "core/backend/cuda/",
                          "core/backend/reference/",
                          "core/backend/registry.cpp"}))
      problems.push_back(fmt::format("{} includes {}", include.file, include.target));
  INFO(joined(problems));
  CHECK(problems.empty());
}

TEST_CASE("architecture: core and plugin do not know their hosts") {
  std::vector<std::string> problems;
  for (const char* folder : {"core", "plugin"})
    for (const fs::path& path : sources_below(folder))
      for (std::string line : lines_of(path)) {
        std::transform(line.begin(), line.end(), line.begin(), [](unsigned char c) {
          return std::tolower(c);
        });
        for (const char* host : {"relion", "scipion", "cryosparc"})
          if (line.find(host) != std::string::npos)
            problems.push_back(fmt::format("{}: {}", fs::relative(path, root).string(), line));
      }
  INFO(joined(problems));
  CHECK(problems.empty());
}

TEST_CASE("architecture: files stay small enough to read") {
  std::vector<std::string> problems;
  for (const char* folder : {"core", "plugin", "relion_wrapper", "tests", "examples"})
    for (const fs::path& path : sources_below(folder)) {
      const std::size_t lines = lines_of(path).size();
      if (lines > 600)
        problems.push_back(fmt::format("{}: {} lines", fs::relative(path, root).string(), lines));
    }
  for (const char* name : {"utils", "misc", "common", "helpers"})
    for (const char* folder : {"core", "plugin", "relion_wrapper"})
      for (const fs::path& path : sources_below(folder))
        if (path.stem() == name || path.parent_path().filename() == name)
          problems.push_back(
              fmt::format("{}: the name says nothing", fs::relative(path, root).string()));
  INFO(joined(problems));
  CHECK(problems.empty());
}
