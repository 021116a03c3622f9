#pragma once

#include "core/backend/ops.h"
#include "core/tensor/tensor.h"

#include <cuda_runtime.h>

namespace limpid::cuda {

// The gradient of a 2x2 transposed convolution with respect to its input on Hopper's tensor cores:
// bfloat16, input channels that are multiples of 64, output channels multiples of 32.
bool upsampling_input_gradient_fits(const Shape& input,
                                    std::int64_t output_channels,
                                    DataType type,
                                    int compute_capability);

// The tensors may be channel slices; their pixels begin at multiples of 16 bytes.
struct UpsamplingInputGradient {
  Tensor output_gradient;
  const void* weight = nullptr;  // (input, row, column, output)
  Tensor input;                  // by the derivative of whose activation the result is multiplied
  Activation input_activation = Activation::none;
  Tensor input_gradient;
};
void upsampling_input_gradient(const UpsamplingInputGradient& gradient,
                               int multiprocessor_count,
                               cudaStream_t stream);

}  // namespace limpid::cuda
