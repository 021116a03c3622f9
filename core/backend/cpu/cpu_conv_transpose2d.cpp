#include "core/backend/cpu/cpu_conv_transpose2d.h"

#include "core/backend/backend.h"
#include "core/backend/cpu/cpu_elementwise.h"
#include "core/base/parallel.h"

#include <cstring>

namespace limpid::cpu {
namespace {

DnnlConvolutionDesc describe(const ConvTranspose2dDesc& desc) {
  return {.input = desc.input,
          .output_channels = 4 * desc.output_channels,
          .kernel_size = 1,
          .type = desc.type,
          .output_type = desc.type,
          // Stored as (input, row, column, output): "output" of the 1x1 convolution is (row,
          // column, output).
          .weight_strides = {1, 4 * desc.output_channels, 1, 1}};
}

// Calls copy(position in by_tap, position in image) for every pixel of the image, in bytes.
template <class Copy>
void for_each_pixel(const Tensor& by_tap, const Tensor& image, const Copy& copy) {
  const Shape& shape = image.shape();
  const std::int64_t pixel_bytes =
      shape.channels * static_cast<std::int64_t>(size_bytes(image.type()));
  parallel_for(shape.batch * shape.height, 4, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row)
      for (std::int64_t x = 0; x < shape.width; ++x) {
        const std::int64_t source_pixel = (row / 2) * (shape.width / 2) + x / 2;
        const std::int64_t tap = 2 * (row % 2) + x % 2;
        copy(by_tap.data() + (source_pixel * 4 + tap) * pixel_bytes,
             image.data() + (row * shape.width + x) * pixel_bytes,
             static_cast<std::size_t>(pixel_bytes));
      }
  });
}

}  // namespace

CpuConvTranspose2d::CpuConvTranspose2d(DnnlEngine& engine,
                                       Backend& backend,
                                       const ConvTranspose2dDesc& desc,
                                       Parameters& parameters)
    : desc_(desc), parameters_(parameters), taps_(engine, describe(desc)) {
  Shape by_tap = desc.input;
  by_tap.channels = 4 * desc.output_channels;
  by_tap_ = backend.allocate_tensor(by_tap, desc.type);
}

void CpuConvTranspose2d::pack_changed_weights() {
  if (packed_version_ == parameters_.version())
    return;
  const float* values = parameters_.value().data_as<float>();
  const float* bias = values + parameters_.offset(desc_.bias);
  std::vector<float> bias_by_tap;
  for (int tap = 0; tap < 4; ++tap)
    bias_by_tap.insert(bias_by_tap.end(), bias, bias + desc_.output_channels);
  taps_.pack(values + parameters_.offset(desc_.weight), bias_by_tap.data());
  packed_version_ = parameters_.version();
}

void CpuConvTranspose2d::forward(const Tensor& input, const Tensor& output) {
  pack_changed_weights();
  taps_.forward(input.data(), by_tap_.data());
  for_each_pixel(by_tap_, output, [](const std::byte* tap, std::byte* pixel, std::size_t size) {
    std::memcpy(pixel, tap, size);
  });
}

void CpuConvTranspose2d::backward(const Tensor& input,
                                  const Tensor& output_gradient,
                                  const Tensor& input_gradient) {
  pack_changed_weights();
  for_each_pixel(
      by_tap_, output_gradient, [](std::byte* tap, const std::byte* pixel, std::size_t size) {
        std::memcpy(tap, pixel, size);
      });
  float* gradients = parameters_.gradient().data_as<float>();
  std::vector<float> bias_by_tap(static_cast<std::size_t>(4 * desc_.output_channels));
  taps_.backward_weights(input.data(),
                         by_tap_.data(),
                         gradients + parameters_.offset(desc_.weight),
                         bias_by_tap.data());
  float* bias = gradients + parameters_.offset(desc_.bias);
  for (std::int64_t o = 0; o < desc_.output_channels; ++o) {
    bias[o] = 0.0f;
    for (std::int64_t tap = 0; tap < 4; ++tap)
      bias[o] += bias_by_tap[static_cast<std::size_t>(tap * desc_.output_channels + o)];
  }
  if (input_gradient.empty())
    return;
  taps_.backward_data(by_tap_.data(), input_gradient.data());
  multiply_by_derivative(input_gradient, input, desc_.input_activation);
}

}  // namespace limpid::cpu
