#include "plugin/drawing/area_average.h"

#include "core/base/error.h"
#include "core/base/parallel.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace limpid {

Image area_average(const Image& image, std::int64_t block_px) {
  require(block_px > 0, "averaging over blocks of {} px", block_px);
  const std::int64_t block_width = std::min(block_px, image.width());
  const std::int64_t block_height = std::min(block_px, image.height());
  Image averages(image.width() / block_width, image.height() / block_height);
  parallel_for(averages.height(), 1, [&](std::int64_t begin, std::int64_t end) {
    const auto width = static_cast<std::size_t>(averages.width());
    for (std::int64_t y = begin; y < end; ++y) {
      std::vector<double> sums(width, 0.0);
      std::vector<std::int64_t> counts(width, 0);
      for (std::int64_t row = y * block_height; row < (y + 1) * block_height; ++row) {
        const float* pixel = image.row(row).data();
        for (std::size_t x = 0; x < width; ++x)
          for (std::int64_t i = 0; i < block_width; ++i, ++pixel)
            if (std::isfinite(*pixel)) {
              sums[x] += *pixel;
              ++counts[x];
            }
      }
      for (std::size_t x = 0; x < width; ++x)
        averages.at(static_cast<std::int64_t>(x), y) =
            counts[x] > 0 ? static_cast<float>(sums[x] / static_cast<double>(counts[x]))
                          : std::numeric_limits<float>::quiet_NaN();
    }
  });
  return averages;
}

std::int64_t block_for_side(const Image& image, std::int64_t longest_side_px) {
  const std::int64_t longer = std::max(image.width(), image.height());
  return std::max<std::int64_t>(1, (longer + longest_side_px - 1) / longest_side_px);
}

}  // namespace limpid
