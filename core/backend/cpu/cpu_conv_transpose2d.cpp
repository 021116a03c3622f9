#include "core/backend/cpu/cpu_conv_transpose2d.h"

#include "core/backend/cpu/cpu_blocks.h"
#include "core/backend/cpu/cpu_elementwise.h"

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

Row<std::byte> in_bytes(const Tensor& tensor, std::int64_t row) {
  const auto pixel_bytes =
      tensor.pixel_stride() * static_cast<std::int64_t>(size_bytes(tensor.type()));
  return {tensor.data() + row * tensor.shape().width * pixel_bytes, pixel_bytes};
}

// Calls copy(position in by_tap, position in image) for every pixel of the image, in bytes.
template <class Copy>
void for_each_pixel(const Tensor& by_tap, const Tensor& image, const Copy& copy) {
  const auto pixel_bytes =
      static_cast<std::size_t>(image.shape().channels) * size_bytes(image.type());
  const Shape& small = by_tap.shape();
  for_each_row(small, [&](std::int64_t row) {
    const auto taps = in_bytes(by_tap, row);
    const auto above = in_bytes(image, 2 * row);
    const auto below = in_bytes(image, 2 * row + 1);
    for (std::int64_t x = 0; x < small.width; ++x) {
      std::byte* tap = taps[x];
      for (std::byte* pixel : {above[2 * x], above[2 * x + 1], below[2 * x], below[2 * x + 1]}) {
        copy(tap, pixel, pixel_bytes);
        tap += pixel_bytes;
      }
    }
  });
}

}  // namespace

CpuConvTranspose2d::CpuConvTranspose2d(DnnlEngine& engine,
                                       Scratch& scratch,
                                       const ConvTranspose2dDesc& desc,
                                       Parameters& parameters)
    : desc_(desc), scratch_(scratch), parameters_(parameters), taps_(engine, describe(desc)) {}

Tensor CpuConvTranspose2d::by_tap() {
  Shape shape = desc_.input;
  shape.channels = 4 * desc_.output_channels;
  return scratch_.tensor(Scratch::Place::output, shape, desc_.type);
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
  const Tensor taps = by_tap();
  taps_.forward(input.data(), taps.data());
  for_each_pixel(taps, output, [](const std::byte* tap, std::byte* pixel, std::size_t size) {
    copy_pixel(pixel, tap, size);
  });
}

void CpuConvTranspose2d::backward(const Tensor& input,
                                  const Tensor& output_gradient,
                                  const Tensor& input_gradient) {
  pack_changed_weights();
  const Tensor taps = by_tap();
  for_each_pixel(
      taps, output_gradient, [](std::byte* tap, const std::byte* pixel, std::size_t size) {
        copy_pixel(tap, pixel, size);
      });
  float* gradients = parameters_.gradient().data_as<float>();
  std::vector<float> bias_by_tap(static_cast<std::size_t>(4 * desc_.output_channels));
  taps_.backward_weights(
      input.data(), taps.data(), gradients + parameters_.offset(desc_.weight), bias_by_tap.data());
  float* bias = gradients + parameters_.offset(desc_.bias);
  for (std::int64_t o = 0; o < desc_.output_channels; ++o) {
    bias[o] = 0.0f;
    for (std::int64_t tap = 0; tap < 4; ++tap)
      bias[o] += bias_by_tap[static_cast<std::size_t>(tap * desc_.output_channels + o)];
  }
  if (input_gradient.empty())
    return;
  taps_.backward_data(taps.data(), input_gradient.data());
  multiply_by_derivative(input_gradient, input, desc_.input_activation);
}

}  // namespace limpid::cpu
