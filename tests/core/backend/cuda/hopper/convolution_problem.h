#pragma once

#include "core/backend/activation.h"
#include "core/tensor/data_type.h"
#include "tests/support/backends.h"
#include "tests/support/tensors.h"

#include <cstdint>
#include <limits>
#include <vector>

// 3x3 convolutions whose kernels are followed on the CPU, and what the reference backend makes of
// them.
namespace limpid::test {

struct StridedImage {  // NHWC with pixels `stride` elements apart
  Shape shape;
  std::int64_t stride;
  std::vector<BFloat16> values;

  StridedImage(const Shape& s, std::int64_t pixel_stride)
      : shape(s),
        stride(pixel_stride),
        values(static_cast<std::size_t>(s.pixel_count() * pixel_stride),
               BFloat16(std::numeric_limits<float>::quiet_NaN())) {}
  BFloat16* at(std::int64_t image, std::int64_t y, std::int64_t x, std::int64_t channel) {
    return &values[static_cast<std::size_t>(
        ((image * shape.height + y) * shape.width + x) * stride + channel)];
  }
  template <class F>
  void for_each(F&& f) {
    for (std::int64_t pixel = 0; pixel < shape.pixel_count(); ++pixel)
      for (std::int64_t c = 0; c < shape.channels; ++c)
        f(values[static_cast<std::size_t>(pixel * stride + c)],
          static_cast<std::size_t>(pixel * shape.channels + c));
  }
  void set(const std::vector<float>& from) {
    for_each([&](BFloat16& value, std::size_t i) { value = BFloat16(from[i]); });
  }
  std::vector<float> get() {
    std::vector<float> result(static_cast<std::size_t>(shape.element_count()));
    for_each([&](BFloat16& value, std::size_t i) { result[i] = static_cast<float>(value); });
    return result;
  }
};

struct Problem {
  StridedImage input;
  StridedImage output;
  StridedImage mask;
  std::vector<float> weight;  // (output, row, column, input) of the forward convolution
  std::vector<float> bias;    // empty: none
  Activation activation = Activation::relu;
  bool backward = false;
  StridedImage* pooled = nullptr;  // dense
};

inline std::vector<float> as_oihw(const std::vector<float>& weight,
                                  std::int64_t outputs,
                                  std::int64_t inputs) {
  std::vector<float> result(weight.size());
  for (std::int64_t o = 0; o < outputs; ++o)
    for (std::int64_t tap = 0; tap < 9; ++tap)
      for (std::int64_t i = 0; i < inputs; ++i)
        result[static_cast<std::size_t>((o * inputs + i) * 9 + tap)] =
            weight[static_cast<std::size_t>((o * 9 + tap) * inputs + i)];
  return result;
}

// The same by the reference backend. Forward channels are those of the convolution whose gradient a
// backward problem is.
inline std::vector<float> expected(Problem& p) {
  auto backend = make_backend({.kind = DeviceKind::reference, .compute_type = DataType::bfloat16});
  const Shape x = p.backward ? p.output.shape : p.input.shape;
  const std::int64_t outputs = p.backward ? p.input.shape.channels : p.output.shape.channels;
  const Conv2dDesc desc{.input = x,
                        .output_channels = outputs,
                        .activation = p.backward ? Activation::none : p.activation,
                        .input_type = DataType::bfloat16,
                        .output_type = DataType::bfloat16,
                        .input_activation = p.backward ? p.activation : Activation::none,
                        .weight = 0,
                        .bias = 1};
  Parameters parameters(*backend, {{"weight", {outputs, x.channels, 3, 3}}, {"bias", {outputs}}});
  parameters.set_values(
      {as_oihw(p.weight, outputs, x.channels),
       p.bias.empty() ? std::vector<float>(static_cast<std::size_t>(outputs)) : p.bias});
  auto convolution = backend->make_conv2d(desc, parameters);
  const Tensor input = backend->allocate_tensor(x, DataType::bfloat16);
  const Tensor output = backend->allocate_tensor(desc.output(), DataType::bfloat16);
  const Tensor input_gradient = backend->allocate_tensor(x, DataType::bfloat16);
  const Tensor output_gradient = backend->allocate_tensor(desc.output(), DataType::bfloat16);
  backend->upload(p.backward ? p.mask.get() : p.input.get(), input);
  convolution->forward({.input = input, .second = {}, .output = output, .pooled = {}});
  if (!p.backward)
    return values_of(*backend, output);
  backend->upload(p.input.get(), output_gradient);
  convolution->backward({.input = input, .second = {}, .output = output, .pooled = {}},
                        {.output_gradient = output_gradient,
                         .pooled_gradient = {},
                         .input_gradient = input_gradient,
                         .second_gradient = {}});
  return values_of(*backend, input_gradient);
}

// Random tensors, slices of wider ones.
inline Problem make_problem(const Shape& from,
                            std::int64_t outputs,
                            Activation activation,
                            bool backward) {
  Shape to = from;
  to.channels = outputs;
  Problem p{
      .input = StridedImage(from, from.channels + 8),
      .output = StridedImage(to, outputs + 16),
      .mask = StridedImage(to, outputs + 24),
      .weight = rounded_to(DataType::bfloat16, random_values(9 * from.channels * outputs, 1, 0.05)),
      .bias = {},
      .activation = activation,
      .backward = backward};
  p.input.set(random_values(from.element_count(), 2));
  p.mask.set(random_values(to.element_count(), 3));
  if (!backward)
    p.bias = rounded_to(DataType::bfloat16, random_values(outputs, 4));
  return p;
}

}  // namespace limpid::test
