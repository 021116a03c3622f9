#include "core/backend/cuda_library.h"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <glob.h>
#include <limpid_version.h>
#include <mutex>
#include <vector>

namespace limpid {
namespace {

namespace fs = std::filesystem;

struct Loaded {
  const CudaLibrary* library = nullptr;
  std::string why_not;
};

// The folder of this shared library; the GPU library is installed beside it.
fs::path own_folder() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&load_cuda_library), &info) == 0 ||
      info.dli_fname == nullptr)
    return {};
  std::error_code ignored;
  return fs::weakly_canonical(info.dli_fname, ignored).parent_path();
}

void add_matches(const std::string& pattern, std::vector<fs::path>& found) {
  glob_t matches{};
  if (glob(pattern.c_str(), 0, nullptr, &matches) == 0)
    for (std::size_t i = 0; i < matches.gl_pathc; ++i)
      found.emplace_back(matches.gl_pathv[i]);
  globfree(&matches);
}

// Places outside the loader's own search path where cuDNN is usually installed, in order of
// preference.
std::vector<fs::path> cudnn_candidates() {
  std::vector<fs::path> found;
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

// cuDNN loads its parts by name, so it has to be visible to all before the GPU library asks for it.
void preload_cudnn() {
  if (std::getenv("LIMPID_CUDNN_DIR") == nullptr && dlopen("libcudnn.so.9", RTLD_NOW | RTLD_GLOBAL))
    return;
  for (const fs::path& path : cudnn_candidates())
    if (dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL))
      return;
}

Loaded load() {
  const fs::path path = own_folder() / "liblimpid_cuda.so";
  if (!fs::exists(path))
    return {nullptr,
            "this installation was built without its GPU library ('" + path.string() + "')"};
  preload_cudnn();
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr)
    return {nullptr, std::string("loading the GPU library failed: ") + dlerror()};
  const auto entry = reinterpret_cast<CudaLibraryFunction>(dlsym(handle, "limpid_cuda_library"));
  if (entry == nullptr)
    return {nullptr, "'" + path.string() + "' is not a GPU library of this program"};
  const CudaLibrary* library = entry();
  if (std::string(library->version) != LIMPID_VERSION)
    return {nullptr,
            std::string("the GPU library has version ") + library->version + ", this program " +
                LIMPID_VERSION};
  return {library, ""};
}

}  // namespace

const CudaLibrary* load_cuda_library(std::string& why_not) {
  static const Loaded loaded = load();
  why_not = loaded.why_not;
  return loaded.library;
}

}  // namespace limpid
