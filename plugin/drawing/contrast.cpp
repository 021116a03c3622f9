#include "plugin/drawing/contrast.h"

#include "core/image/statistics.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>

namespace limpid {

std::uint8_t GreyWindow::grey(float value) const {
  if (std::isnan(value))
    return 0;
  if (!(high > low))
    return 128;
  const double fraction = std::clamp((value - low) / (high - low), 0.0, 1.0);
  return static_cast<std::uint8_t>(std::lround(255 * fraction));
}

GreyWindow measure_window(std::span<const Image* const> images) {
  std::vector<float> pooled;
  for (const Image* image : images)
    for (const float pixel : image->pixels())
      if (std::isfinite(pixel))
        pooled.push_back(pixel);
  if (pooled.empty())
    return {0, 0};
  Image all(static_cast<std::int64_t>(pooled.size()), 1);
  std::copy(pooled.begin(), pooled.end(), all.pixels().begin());
  return {percentile(all, clipped_percent), percentile(all, 100 - clipped_percent)};
}

GreyImage to_grey(const Image& image, const GreyWindow& window) {
  GreyImage grey{image.width(), image.height(), {}};
  grey.pixels.reserve(image.pixels().size());
  for (std::int64_t y = image.height() - 1; y >= 0; --y)
    for (const float value : image.row(y))
      grey.pixels.push_back(window.grey(value));
  return grey;
}

void round_greys_of_noise(GreyImage& image) {
  constexpr int step = 17;  // 0 and 255 stay
  std::int64_t difference = 0;
  for (std::int64_t y = 0; y < image.height; ++y)
    for (std::int64_t x = 1; x < image.width; ++x)
      difference += std::abs(image.at(x, y) - image.at(x - 1, y));
  if (difference < step * (image.width - 1) * image.height || image.width < 2)
    return;
  for (std::uint8_t& pixel : image.pixels)
    pixel = static_cast<std::uint8_t>((pixel + step / 2) / step * step);
}

}  // namespace limpid
