#include "core/backend/cuda_library.h"

#include "core/backend/cudnn_library.h"
#include "core/base/phase_log.h"

#include <dlfcn.h>

#include <filesystem>
#include <limpid_version.h>
#include <mutex>

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

Loaded load() {
  const fs::path path = own_folder() / "liblimpid_cuda.so";
  if (!fs::exists(path))
    return {nullptr,
            "this installation was built without its GPU library ('" + path.string() + "')"};
  // Its calls of cuDNN are bound when they are made, which is behind load_cudnn(). Where the user's
  // environment forbids that (LD_BIND_NOW), cuDNN has to be there before.
  void* handle = dlopen(path.c_str(), RTLD_LAZY | RTLD_LOCAL);
  if (handle == nullptr && load_cudnn())
    handle = dlopen(path.c_str(), RTLD_LAZY | RTLD_LOCAL);
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
  log_phase("GPU library loaded");
  return {library, ""};
}

}  // namespace

const CudaLibrary* load_cuda_library(std::string& why_not) {
  static const Loaded loaded = load();
  why_not = loaded.why_not;
  return loaded.library;
}

}  // namespace limpid
