#pragma once

#include "core/backend/ops.h"
#include "core/tensor/tensor.h"

namespace limpid::cpu {

// Dense tensors of equal shape; converts between float32 and bfloat16.
void convert(const Tensor& from, const Tensor& to);

// gradient *= derivative of the activation that made `value`. Dense tensors of equal shape and
// type.
void multiply_by_derivative(const Tensor& gradient, const Tensor& value, Activation activation);

}  // namespace limpid::cpu
