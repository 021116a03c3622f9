#pragma once

#include "core/backend/ops.h"
#include "core/base/host_device.h"

namespace limpid {

LIMPID_HOST_DEVICE inline float activate(Activation activation, float x) {
  if (activation == Activation::none || x > 0.0f)
    return x;
  return activation == Activation::relu ? 0.0f : leaky_relu_slope * x;
}

// d(activation)/d(x), read off the activated value y: all activations here keep the sign. 0 at y =
// 0, as PyTorch.
LIMPID_HOST_DEVICE inline float activation_derivative(Activation activation, float y) {
  if (activation == Activation::none || y > 0.0f)
    return 1.0f;
  return activation == Activation::relu ? 0.0f : leaky_relu_slope;
}

const char* name(Activation activation);
// Throws Error(model) for an unknown name.
Activation activation_from_name(const char* name);

}  // namespace limpid
