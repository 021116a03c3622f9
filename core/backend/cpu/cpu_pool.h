#pragma once

#include "core/tensor/tensor.h"

namespace limpid::cpu {

// 2x2 maximum, stride 2; an odd last row or column is left out. Where `copy` is not empty, the
// input is also copied there, while it is read.
void max_pool(const Tensor& input, const Tensor& pooled, const Tensor& copy);

struct PoolGradientDesc {
  bool accumulate = false;  // adds to what the gradient holds, instead of overwriting it
  float slope = 1.0f;       // of the activation that made the value, where that is not positive
};

// Gradient of the pool's input: `pooled_gradient` goes to the largest of four values (the first of
// equals), and the sum is multiplied by the derivative of the activation. `value` is the input of
// the pool, of even size. Where `copy` is not empty, the gradient is also written there.
void max_pool_backward(const Tensor& value,
                       const Tensor& pooled_gradient,
                       const Tensor& gradient,
                       const PoolGradientDesc& desc,
                       const Tensor& copy);

}  // namespace limpid::cpu
