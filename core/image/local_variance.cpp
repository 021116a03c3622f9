#include "core/image/local_variance.h"

#include "core/image/block_sum.h"
#include "core/image/running_statistics.h"

#include <algorithm>

namespace limpid {
namespace {

constexpr std::int64_t block_side_px = 64;

}  // namespace

double measure_local_variance(const Image& image) {
  const std::int64_t across = (image.width() + block_side_px - 1) / block_side_px;
  const std::int64_t down = (image.height() + block_side_px - 1) / block_side_px;
  const double sum =
      sum_in_blocks<double>(across * down, across, [&](std::int64_t begin, std::int64_t end) {
        double part = 0;
        for (std::int64_t block = begin; block < end; ++block) {
          const std::int64_t x = block % across * block_side_px;
          const std::int64_t y = block / across * block_side_px;
          const std::int64_t width = std::min(block_side_px, image.width() - x);
          const std::int64_t bottom = std::min(image.height(), y + block_side_px);
          RunningStatistics statistics;
          for (std::int64_t row = y; row < bottom; ++row)
            statistics += RunningStatistics(image.row(row).subspan(
                static_cast<std::size_t>(x), static_cast<std::size_t>(width)));
          const double sigma = statistics.standard_deviation();
          part += sigma * sigma;
        }
        return part;
      });
  return sum / static_cast<double>(across * down);
}

}  // namespace limpid
