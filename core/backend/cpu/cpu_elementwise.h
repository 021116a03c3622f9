#pragma once

#include "core/backend/ops.h"
#include "core/tensor/tensor.h"

namespace limpid::cpu {

// Tensors of equal shape, dense or slices of wider ones; converts between float32 and bfloat16.
void copy_values(const Tensor& from, const Tensor& to);

// gradient *= derivative of the activation that made `value`. Tensors of equal shape and type,
// dense or slices of wider ones.
void multiply_by_derivative(const Tensor& gradient, const Tensor& value, Activation activation);

}  // namespace limpid::cpu
