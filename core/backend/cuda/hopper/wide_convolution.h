#pragma once

#include "core/backend/ops.h"
#include "core/tensor/tensor.h"

#include <cuda_runtime.h>

#include <cstdint>

namespace limpid::cuda {

// Whether a GPU of this compute capability (90 for 9.0) convolves these channels: multiples of 64.
bool can_convolve_wide(int compute_capability,
                       std::int64_t input_channels,
                       std::int64_t output_channels);

// A 3x3 convolution in bfloat16 on Hopper's tensor cores, for layers of so many channels that
// products are the limit. Results are rounded once. The tensors may be slices of wider ones.
struct WideConvolution {
  Tensor input;
  Tensor output;
  const void* weight = nullptr;  // (output, row, column, input)
  const void* bias = nullptr;    // null: none
  Activation activation = Activation::none;
  // The gradient with respect to a convolution's input: `input` is the gradient of its output, the
  // weights are that convolution's own, and the result is multiplied by the derivative, read off
  // `mask` (empty: not multiplied), of the activation.
  bool backward = false;
  Tensor mask{};
};
void convolve_wide(const WideConvolution& convolution, int multiprocessors, cudaStream_t stream);

}  // namespace limpid::cuda
