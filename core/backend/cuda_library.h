#pragma once

#include "core/backend/backend.h"
#include "core/backend/registry.h"

#include <memory>
#include <string>

namespace limpid {

// What liblimpid_cuda.so offers to the rest of the program, which loads it at run time: one
// installation works on machines with and without a GPU. The symbol limpid_cuda_library returns it.
struct CudaLibrary {
  const char* version;  // must equal LIMPID_VERSION of the loader
  GpuReport (*inspect)();
  std::unique_ptr<Backend> (*make_backend)(int gpu_index, DataType compute_type);
  void (*release_gpus)();
};

using CudaLibraryFunction = const CudaLibrary* (*)();

// Loads it once. Null, with the reason in `why_not`, when it is not installed or a library it needs
// is missing.
const CudaLibrary* load_cuda_library(std::string& why_not);

}  // namespace limpid
