#include "core/image/block_statistics.h"

#include "core/base/parallel.h"
#include "core/image/block_sum.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace limpid {
namespace {

std::span<const float> pixels_of_block(const Image& image, std::int64_t block) {
  const std::int64_t begin = block * sum_block_pixels;
  const std::int64_t count = std::min(sum_block_pixels, image.pixel_count() - begin);
  return image.pixels().subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(count));
}

}  // namespace

BlockStatistics::BlockStatistics(const Image& image)
    : image_(image),
      blocks_(static_cast<std::size_t>((image.pixel_count() + sum_block_pixels - 1) /
                                       sum_block_pixels)) {
  measure([](const RunningStatistics&, std::size_t) { return true; });
}

void BlockStatistics::keep_within(float low, float high) {
  low_ = low;
  high_ = high;
  // A block that is whole stays as it is.
  measure([&](const RunningStatistics& block, std::size_t pixel_count) {
    const auto counted = static_cast<std::size_t>(block.count() + block.non_finite_count());
    return counted != pixel_count || block.minimum() < low || block.maximum() > high;
  });
}

template <class Condition>
void BlockStatistics::measure(const Condition& must_measure) {
  const auto block_count = static_cast<std::int64_t>(blocks_.size());
  parallel_for(block_count, 1, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) {
      RunningStatistics& block = blocks_[static_cast<std::size_t>(i)];
      const std::span<const float> pixels = pixels_of_block(image_, i);
      if (must_measure(block, pixels.size()))
        block = RunningStatistics(pixels, low_, high_);
    }
  });
}

ImageStatistics BlockStatistics::total() const {
  RunningStatistics all;
  for (const RunningStatistics& block : blocks_)
    all += block;
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  if (all.count() == 0)
    return {nan, nan, nan, nan, 0, all.non_finite_count()};
  return {all.mean(),
          all.standard_deviation(),
          all.minimum(),
          all.maximum(),
          all.count(),
          all.non_finite_count()};
}

}  // namespace limpid
