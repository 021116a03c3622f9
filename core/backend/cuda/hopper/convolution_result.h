#pragma once

#include "core/base/host_device.h"

namespace limpid::cuda {

// What becomes of the sums of a 3x3 convolution on Hopper (hopper_convolution.h).
enum class ConvolutionResult { output, output_and_pooled, gradient, joined_gradient };

LIMPID_HOST_DEVICE constexpr bool is_backward(ConvolutionResult result) {
  return result == ConvolutionResult::gradient || result == ConvolutionResult::joined_gradient;
}

}  // namespace limpid::cuda
