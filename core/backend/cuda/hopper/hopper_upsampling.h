#pragma once

#include "core/backend/cuda/convolution/upsampling.cuh"

#include <cuda_runtime.h>

namespace limpid::cuda {

// On compute capability 9.0 alone.
void hopper_upsampling(const Upsampling& u, int multiprocessor_count, cudaStream_t stream);

}  // namespace limpid::cuda
