#include "core/backend/cudnn_library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <future>
#include <glob.h>
#include <link.h>
#include <string>
#include <vector>

namespace limpid {
namespace {

void add_matches(const std::string& pattern, std::vector<std::string>& found) {
  glob_t matches{};
  if (glob(pattern.c_str(), 0, nullptr, &matches) == 0)
    for (std::size_t i = 0; i < matches.gl_pathc; ++i)
      found.emplace_back(matches.gl_pathv[i]);
  globfree(&matches);
}

// Places outside the loader's own search path where cuDNN is usually installed, in order of
// preference.
std::vector<std::string> candidates() {
  std::vector<std::string> found;
  const auto below = [&](const char* variable, const char* pattern) {
    if (const char* folder = std::getenv(variable))
      add_matches(std::string(folder) + pattern, found);
  };
  below("LIMPID_CUDNN_DIR", "/libcudnn.so.9");
  below("CONDA_PREFIX", "/lib/libcudnn.so.9");
  below("VIRTUAL_ENV", "/lib/python3*/site-packages/nvidia/cudnn/lib/libcudnn.so.9");
  below("CUDA_HOME", "/lib64/libcudnn.so.9");
  for (const char* pattern :
       {"/usr/local/cuda/lib64/libcudnn.so.9",
        "/usr/lib/x86_64-linux-gnu/libcudnn.so.9",
        "/usr/local/lib/python3*/dist-packages/nvidia/cudnn/lib/libcudnn.so.9"})
    add_matches(pattern, found);
  return found;
}

// Null when there is none.
void* load() {
  const auto open = [](const std::string& path) {
    return dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL);
  };
  if (std::getenv("LIMPID_CUDNN_DIR") == nullptr)
    if (void* const handle = open("libcudnn.so.9"))
      return handle;
  for (const std::string& path : candidates())
    if (void* const handle = open(path))
      return handle;
  return nullptr;
}

void* library() {
  static void* const handle = load();
  return handle;
}

// cuDNN opens them by their names, and then finds them there. What another version of it may lack
// is left out. Says nothing: the log may have gone when it is done.
void load_parts() {
  link_map* front = nullptr;
  if (library() == nullptr || dlinfo(library(), RTLD_DI_LINKMAP, &front) != 0)
    return;
  const std::filesystem::path folder = std::filesystem::path(front->l_name).parent_path();
  for (const char* part : {"graph", "engines_precompiled", "heuristic", "engines_runtime_compiled"})
    static_cast<void>(dlopen((folder / fmt::format("libcudnn_{}.so.9", part)).c_str(), RTLD_NOW));
}

}  // namespace

bool load_cudnn() {
  return library() != nullptr;
}

void begin_loading_cudnn() {
  static const std::future<void> loading = std::async(std::launch::async, load_parts);
}

}  // namespace limpid
