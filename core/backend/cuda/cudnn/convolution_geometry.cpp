#include "core/backend/cuda/cudnn/convolution_geometry.h"

#include <fmt/format.h>

#include <algorithm>

namespace limpid::cuda {

std::int64_t ConvolutionGeometry::batch_parts() const {
  constexpr std::int64_t most_bytes = std::int64_t{1} << 29;
  const auto element = static_cast<std::int64_t>(size_bytes(type));
  const std::int64_t image_bytes =
      element * std::max(x.height * x.width * x_stride, y.height * y.width * y_stride);
  for (std::int64_t parts = 1; parts < x.batch; ++parts)
    if (x.batch % parts == 0 && x.batch / parts * image_bytes <= most_bytes)
      return parts;
  return x.batch;
}

std::string ConvolutionGeometry::key() const {
  return fmt::format("{} {}x{}x{}x{}/{} {}x{}x{}/{} k{} s{} p{}",
                     name(type),
                     x.batch,
                     x.height,
                     x.width,
                     x.channels,
                     x_stride,
                     y.height,
                     y.width,
                     y.channels,
                     y_stride,
                     kernel_size,
                     step,
                     padding);
}

ConvolutionGeometry ConvolutionGeometry::part() const {
  ConvolutionGeometry one = *this;
  one.x.batch /= batch_parts();
  one.y.batch = one.x.batch;
  return one;
}

Tensor part_of(const Tensor& tensor, std::int64_t part, std::int64_t parts) {
  if (tensor.empty())
    return tensor;
  const std::int64_t images = tensor.shape().batch / parts;
  return tensor.images(part * images, images);
}

}  // namespace limpid::cuda
