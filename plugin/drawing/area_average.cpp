#include "plugin/drawing/area_average.h"

#include "core/base/error.h"
#include "core/base/parallel.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

namespace limpid {
namespace {

// Over those pixels of the block at a column that are finite.
float finite_average(const Image& image,
                     std::int64_t left,
                     std::int64_t bottom,
                     std::int64_t width,
                     std::int64_t height) {
  double sum = 0;
  std::int64_t count = 0;
  for (std::int64_t y = bottom; y < bottom + height; ++y)
    for (const float pixel :
         image.row(y).subspan(static_cast<std::size_t>(left), static_cast<std::size_t>(width)))
      if (std::isfinite(pixel)) {
        sum += pixel;
        ++count;
      }
  return count > 0 ? static_cast<float>(sum / static_cast<double>(count))
                   : std::numeric_limits<float>::quiet_NaN();
}

}  // namespace

Image area_average(const Image& image, std::int64_t block_px) {
  require(block_px > 0, "averaging over blocks of {} px", block_px);
  const std::int64_t block_width = std::min(block_px, image.width());
  const std::int64_t block_height = std::min(block_px, image.height());
  Image averages(image.width() / block_width, image.height() / block_height);
  parallel_for(averages.height(), 1, [&](std::int64_t begin, std::int64_t end) {
    // First along the columns, which compilers make fast.
    std::vector<double> column_sums(static_cast<std::size_t>(averages.width() * block_width));
    for (std::int64_t y = begin; y < end; ++y) {
      std::fill(column_sums.begin(), column_sums.end(), 0.0);
      for (std::int64_t row = y * block_height; row < (y + 1) * block_height; ++row) {
        const float* const pixels = image.row(row).data();
        for (std::size_t x = 0; x < column_sums.size(); ++x)
          column_sums[x] += pixels[x];
      }
      for (std::int64_t x = 0; x < averages.width(); ++x) {
        double sum = 0;
        for (std::int64_t i = 0; i < block_width; ++i)
          sum += column_sums[static_cast<std::size_t>(x * block_width + i)];
        averages.at(x, y) =
            std::isfinite(sum)
                ? static_cast<float>(sum / static_cast<double>(block_width * block_height))
                : finite_average(
                      image, x * block_width, y * block_height, block_width, block_height);
      }
    }
  });
  return averages;
}

std::int64_t block_for_side(const Image& image, std::int64_t longest_side_px) {
  const std::int64_t longer = std::max(image.width(), image.height());
  return std::max<std::int64_t>(1, (longer + longest_side_px - 1) / longest_side_px);
}

}  // namespace limpid
