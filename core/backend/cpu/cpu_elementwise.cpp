#include "core/backend/cpu/cpu_elementwise.h"

#include "core/backend/activation.h"
#include "core/base/vector_clones.h"
#include "core/base/parallel.h"

namespace limpid::cpu {
namespace {

constexpr std::int64_t grain_elements = 1 << 16;

LIMPID_VECTOR_CLONES
void to_bfloat16(const float* from, BFloat16* to, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i)
    to[i] = BFloat16(from[i]);
}

LIMPID_VECTOR_CLONES
void to_float32(const BFloat16* from, float* to, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i)
    to[i] = static_cast<float>(from[i]);
}

LIMPID_VECTOR_CLONES
void scale_negative(float* gradient, const float* value, std::int64_t count, float slope) {
  for (std::int64_t i = 0; i < count; ++i)
    gradient[i] *= value[i] > 0.0f ? 1.0f : slope;
}

LIMPID_VECTOR_CLONES
void scale_negative(BFloat16* gradient, const BFloat16* value, std::int64_t count, float slope) {
  for (std::int64_t i = 0; i < count; ++i) {
    const float factor = static_cast<float>(value[i]) > 0.0f ? 1.0f : slope;
    gradient[i] = BFloat16(static_cast<float>(gradient[i]) * factor);
  }
}

}  // namespace

void convert(const Tensor& from, const Tensor& to) {
  require(from.is_dense() && to.is_dense() && from.shape() == to.shape(), "tensors do not match");
  parallel_for(
      from.shape().element_count(), grain_elements, [&](std::int64_t begin, std::int64_t end) {
        if (to.type() == DataType::bfloat16)
          to_bfloat16(from.data_as<float>() + begin, to.data_as<BFloat16>() + begin, end - begin);
        else
          to_float32(from.data_as<BFloat16>() + begin, to.data_as<float>() + begin, end - begin);
      });
}

void multiply_by_derivative(const Tensor& gradient, const Tensor& value, Activation activation) {
  if (activation == Activation::none)
    return;
  const float slope = activation_derivative(activation, -1.0f);
  parallel_for(
      value.shape().element_count(), grain_elements, [&](std::int64_t begin, std::int64_t end) {
        if (value.type() == DataType::float32)
          scale_negative(gradient.data_as<float>() + begin,
                         value.data_as<float>() + begin,
                         end - begin,
                         slope);
        else
          scale_negative(gradient.data_as<BFloat16>() + begin,
                         value.data_as<BFloat16>() + begin,
                         end - begin,
                         slope);
      });
}

}  // namespace limpid::cpu
