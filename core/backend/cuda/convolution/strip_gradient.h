#pragma once

#include "core/tensor/tensor.h"

#include <cuda_runtime.h>

#include <cstddef>

namespace limpid::cuda {

// The gradients of a 3x3 convolution by the kernel of strip_gradient.cuh: bfloat16, 32 to 128
// channels on either side, a multiple of 32, from compute capability 8.0 on. `input` and
// `output_gradient` may be channel slices.
bool strip_gradient_fits(const Shape& input,
                         const Shape& output,
                         DataType type,
                         int compute_capability);

std::size_t strip_gradient_workspace(const Shape& input,
                                     const Shape& output,
                                     int multiprocessor_count);

// `weight_gradient` (output, row, column, input) and `bias_gradient` are bfloat16.
void strip_gradient(const Tensor& input,
                    const Tensor& output_gradient,
                    void* weight_gradient,
                    void* bias_gradient,
                    void* workspace,
                    int multiprocessor_count,
                    cudaStream_t stream);

}  // namespace limpid::cuda
