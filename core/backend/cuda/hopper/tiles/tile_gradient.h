#pragma once

#include "core/tensor/tensor.h"

#include <cuda_runtime.h>

#include <cstddef>

namespace limpid::cuda {

// The gradients of a 3x3 convolution with respect to its weights and bias on Hopper's tensor cores:
// bfloat16, multiples of 32 channels on either side. `input` and `output_gradient` may be channel
// slices; their pixels begin at multiples of 16 bytes.
bool tile_gradient_fits(const Shape& input,
                        const Shape& output,
                        DataType type,
                        int compute_capability);

std::size_t tile_gradient_workspace(const Shape& input,
                                    const Shape& output,
                                    int multiprocessor_count);

// `weight_gradient` (output, row, column, input) and `bias_gradient` are bfloat16. Equal from run
// to run.
void tile_gradient(const Tensor& input,
                   const Tensor& output_gradient,
                   void* weight_gradient,
                   void* bias_gradient,
                   void* workspace,
                   int multiprocessor_count,
                   cudaStream_t stream);

}  // namespace limpid::cuda
