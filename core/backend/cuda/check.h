#pragma once

#include "core/base/error.h"

#include <cuda_runtime.h>
#include <cudnn.h>

#include <cstddef>

namespace limpid::cuda {

// Throw Error(device) with the name and meaning of the code, the call and its place.
void check_cuda(cudaError_t code, const char* call, const char* file, int line);
void check_cudnn(cudnnStatus_t status, const char* call, const char* file, int line);

}  // namespace limpid::cuda

#define LIMPID_CUDA(call) ::limpid::cuda::check_cuda((call), #call, __FILE__, __LINE__)
#define LIMPID_CUDNN(call) ::limpid::cuda::check_cudnn((call), #call, __FILE__, __LINE__)
// After every kernel launch.
#define LIMPID_CUDA_LAUNCH() LIMPID_CUDA(cudaGetLastError())
