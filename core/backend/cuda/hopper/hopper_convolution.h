#pragma once

#include "core/backend/cuda/value_bits.h"
#include "core/backend/ops.h"
#include "core/tensor/tensor.h"

#include <cstdint>

namespace limpid::cuda {

// A 3x3 convolution in bfloat16 on Hopper's tensor cores: by row_convolution.h or, of many
// channels, by wide_convolution.h. The tensors may be slices of wider ones.
struct HopperConvolution {
  Tensor input;
  Tensor output;
  // Forward: also written, the 2x2 maxima of the output, dense, and their codes (value_bits.h).
  // Backward: the gradient of such maxima, which is added by their codes before the derivative is
  // taken from them.
  Tensor pooled;
  PoolCode* pool_codes = nullptr;
  // Dense, by rows alone. Forward: also written, of the input. Backward: of the mask, read instead
  // of it.
  SignByte* signs = nullptr;
  const void* weight = nullptr;  // (output, row, column, input)
  const void* bias = nullptr;    // null: none
  Activation activation = Activation::none;
  // The gradient with respect to a convolution's input: `input` is the gradient of its output, the
  // weights are that convolution's own, and the result is multiplied by the derivative, read off
  // `mask` (empty: not multiplied), of the activation.
  bool backward = false;
  Tensor mask;
  // Backward: the channels of all inputs of that convolution, and the first of those in `output`.
  // 0: those of `output` are all.
  std::int64_t weight_channels = 0;
  std::int64_t first_weight_channel = 0;
};

// Fails if the kernels cannot read or write these tensors.
void check_tensors(const HopperConvolution& convolution);

}  // namespace limpid::cuda
