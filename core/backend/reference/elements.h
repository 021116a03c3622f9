#pragma once

#include "core/tensor/tensor.h"

#include <cstdint>

namespace limpid::reference {

// Reads and writes single elements of a float32 or bfloat16 tensor.
class Elements {
 public:
  explicit Elements(const Tensor& tensor) : shape_(tensor.shape()), stride_(tensor.pixel_stride()) {
    if (tensor.type() == DataType::float32)
      float32_ = tensor.data_as<float>();
    else
      bfloat16_ = tensor.data_as<BFloat16>();
  }

  float get(std::int64_t n, std::int64_t y, std::int64_t x, std::int64_t c) const {
    const std::int64_t i = position(n, y, x, c);
    return float32_ ? float32_[i] : static_cast<float>(bfloat16_[i]);
  }
  void set(std::int64_t n, std::int64_t y, std::int64_t x, std::int64_t c, double value) const {
    const std::int64_t i = position(n, y, x, c);
    if (float32_)
      float32_[i] = static_cast<float>(value);
    else
      bfloat16_[i] = BFloat16(static_cast<float>(value));
  }

 private:
  std::int64_t position(std::int64_t n, std::int64_t y, std::int64_t x, std::int64_t c) const {
    return ((n * shape_.height + y) * shape_.width + x) * stride_ + c;
  }

  Shape shape_;
  std::int64_t stride_ = 0;
  float* float32_ = nullptr;
  BFloat16* bfloat16_ = nullptr;
};

// Visits every element of a tensor of this shape.
template <class Visit>
void for_each_element(const Shape& shape, const Visit& visit) {
  for (std::int64_t n = 0; n < shape.batch; ++n)
    for (std::int64_t y = 0; y < shape.height; ++y)
      for (std::int64_t x = 0; x < shape.width; ++x)
        for (std::int64_t c = 0; c < shape.channels; ++c)
          visit(n, y, x, c);
}

}  // namespace limpid::reference
