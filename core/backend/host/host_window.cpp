#include "core/backend/host/host_memory.h"
#include "core/base/parallel.h"
#include "core/base/reflection.h"

#include <algorithm>
#include <cstdint>

namespace limpid {
namespace {

// What one thread copies at least.
constexpr std::int64_t rows_per_thread = 64;

}  // namespace

void copy_window_from_host(const HostImage& image,
                           const ImagePoint& corner,
                           const Tensor& destination) {
  const Shape& window = destination.shape();
  const std::int64_t direct = std::clamp<std::int64_t>(image.width - corner.x, 0, window.width);
  float* const values = destination.data_as<float>();
  parallel_for(window.height, rows_per_thread, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t y = begin; y < end; ++y) {
      const float* from = image.row(reflected_index(corner.y + y, image.height));
      float* to = values + y * window.width;
      std::copy_n(from + corner.x, direct, to);
      for (std::int64_t x = direct; x < window.width; ++x)
        to[x] = from[reflected_index(corner.x + x, image.width)];
    }
  });
}

void copy_window_to_host(const Tensor& source,
                         const ImagePoint& corner,
                         const ImagePart& part,
                         const HostImage& image) {
  const std::int64_t window_width = source.shape().width;
  const float* const values = source.data_as<float>();
  parallel_for(part.height, rows_per_thread, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t y = part.y + begin; y < part.y + end; ++y)
      std::copy_n(values + (y - corner.y) * window_width + part.x - corner.x,
                  part.width,
                  image.row(y) + part.x);
  });
}

}  // namespace limpid
