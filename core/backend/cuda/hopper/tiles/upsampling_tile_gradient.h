#pragma once

#include "core/tensor/tensor.h"

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>

namespace limpid::cuda {

// The gradients of a 2x2 transposed convolution with respect to its weights and bias on Hopper's
// tensor cores: bfloat16, input channels that are multiples of 64, output channels multiples of
// 32. `input` and `output_gradient` may be channel slices; their pixels begin at multiples of 16
// bytes.
bool upsampling_tile_gradient_fits(const Shape& input,
                                   std::int64_t output_channels,
                                   DataType type,
                                   int compute_capability);

std::size_t upsampling_tile_gradient_workspace(const Shape& input,
                                               std::int64_t output_channels,
                                               int multiprocessor_count);

// `weight_gradient` (input, row, column, output) and `bias_gradient` are bfloat16. Equal from run
// to run.
void upsampling_tile_gradient(const Tensor& input,
                              const Tensor& output_gradient,
                              void* weight_gradient,
                              void* bias_gradient,
                              void* workspace,
                              int multiprocessor_count,
                              cudaStream_t stream);

}  // namespace limpid::cuda
