#pragma once

#include "core/backend/cuda/hopper/hopper_convolution.h"

#include <cuda_runtime.h>

#include <cstdint>

// Convolutions on Hopper for layers of so many channels that products are the limit. Results are
// rounded once.
namespace limpid::cuda {

// Whether a GPU of this compute capability (90 for 9.0) convolves these channels: multiples of 64.
bool can_convolve_wide(int compute_capability,
                       std::int64_t input_channels,
                       std::int64_t output_channels);

void convolve_wide(const HopperConvolution& convolution, int multiprocessors, cudaStream_t stream);

}  // namespace limpid::cuda
