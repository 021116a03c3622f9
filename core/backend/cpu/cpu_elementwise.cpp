#include "core/backend/cpu/cpu_elementwise.h"

#include "core/backend/activation.h"
#include "core/base/parallel.h"
#include "core/base/vector_clones.h"

#include <algorithm>
#include <cstring>

namespace limpid::cpu {
namespace {

constexpr std::int64_t grain_elements = 1 << 15;

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

// Calls run(element of a, element of b, count) for runs of elements that lie together in both: few
// long ones of dense tensors, one a pixel of slices.
template <class Run>
void for_each_run(const Tensor& a, const Tensor& b, const Run& run) {
  require(a.shape() == b.shape(), "tensors do not match");
  const std::int64_t channels = a.shape().channels;
  const std::int64_t grain_pixels = std::max<std::int64_t>(1, grain_elements / channels);
  parallel_for(a.shape().pixel_count(), grain_pixels, [&](std::int64_t begin, std::int64_t end) {
    if (a.is_dense() && b.is_dense())
      return run(begin * channels, begin * channels, (end - begin) * channels);
    for (std::int64_t pixel = begin; pixel < end; ++pixel)
      run(pixel * a.pixel_stride(), pixel * b.pixel_stride(), channels);
  });
}

}  // namespace

void copy_values(const Tensor& from, const Tensor& to) {
  const std::size_t element_bytes = size_bytes(from.type());
  for_each_run(from, to, [&](std::int64_t source, std::int64_t target, std::int64_t count) {
    if (from.type() == to.type())
      std::memcpy(to.data() + static_cast<std::size_t>(target) * element_bytes,
                  from.data() + static_cast<std::size_t>(source) * element_bytes,
                  static_cast<std::size_t>(count) * element_bytes);
    else if (to.type() == DataType::bfloat16)
      to_bfloat16(from.data_as<float>() + source, to.data_as<BFloat16>() + target, count);
    else
      to_float32(from.data_as<BFloat16>() + source, to.data_as<float>() + target, count);
  });
}

void multiply_by_derivative(const Tensor& gradient, const Tensor& value, Activation activation) {
  if (activation == Activation::none)
    return;
  const float slope = activation_derivative(activation, -1.0f);
  for_each_run(gradient, value, [&](std::int64_t g, std::int64_t v, std::int64_t count) {
    if (value.type() == DataType::float32)
      scale_negative(gradient.data_as<float>() + g, value.data_as<float>() + v, count, slope);
    else
      scale_negative(gradient.data_as<BFloat16>() + g, value.data_as<BFloat16>() + v, count, slope);
  });
}

}  // namespace limpid::cpu
