#include "core/backend/cudnn_library.h"

#include <dlfcn.h>

#include <cstdlib>
#include <glob.h>
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

bool load() {
  const auto open = [](const std::string& path) {
    return dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL) != nullptr;
  };
  if (std::getenv("LIMPID_CUDNN_DIR") == nullptr && open("libcudnn.so.9"))
    return true;
  for (const std::string& path : candidates())
    if (open(path))
      return true;
  return false;
}

}  // namespace

bool load_cudnn() {
  static const bool is_loaded = load();
  return is_loaded;
}

}  // namespace limpid
