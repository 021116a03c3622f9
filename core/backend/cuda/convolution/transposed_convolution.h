#pragma once

#include "core/tensor/tensor.h"

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>

namespace limpid::cuda {

// A 2x2 transposed convolution by our own kernels: bfloat16, from compute capability 8.0 on, input
// channels that are multiples of 64 up to 512, or fewer where shared memory is small (up to 128 on
// 8.6, 8.9 and 12.0), output channels multiples of 32.
bool transposed_convolution_fits(const Shape& input,
                                 std::int64_t output_channels,
                                 DataType type,
                                 int compute_capability);

struct Processors {
  int count;
  int compute_capability;
};

// `output`, which may be a channel slice, is overwritten. `weight` (input, row, column, output) and
// `bias` are bfloat16.
void transposed_convolution(const Tensor& input,
                            const Tensor& output,
                            const void* weight,
                            const void* bias,
                            const Processors& processors,
                            cudaStream_t stream);

// Gradients of the weights, as they lie, and of the bias, for any multiples of those channels;
// needs transposed_gradient_workspace() bytes.
bool transposed_gradient_fits(const Shape& input,
                              std::int64_t output_channels,
                              DataType type,
                              int compute_capability);
std::size_t transposed_gradient_workspace(const Shape& input,
                                          std::int64_t output_channels,
                                          int multiprocessor_count);
void transposed_gradient(const Tensor& input,
                         const Tensor& output_gradient,
                         void* weight_gradient,
                         void* bias_gradient,
                         void* workspace,
                         int multiprocessor_count,
                         cudaStream_t stream);

}  // namespace limpid::cuda
