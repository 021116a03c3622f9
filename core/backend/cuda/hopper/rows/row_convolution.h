#pragma once

#include "core/backend/cuda/hopper/hopper_convolution.h"

#include <cuda_runtime.h>

#include <cstdint>

// Convolutions on Hopper for the narrow layers at which cuDNN reads its input again for every tap.
namespace limpid::cuda {

// Whether a GPU of this compute capability (90 for 9.0) has it for any channels; and for these.
bool has_row_kernels(int compute_capability);
bool can_convolve_rows(int compute_capability,
                       std::int64_t input_channels,
                       std::int64_t output_channels);

// Whether convolve_rows() keeps signs of an input with these channels.
bool can_keep_signs(std::int64_t input_channels);

void convolve_rows(const HopperConvolution& convolution, int multiprocessors, cudaStream_t stream);

}  // namespace limpid::cuda
