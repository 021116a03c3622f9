#include "core/image/block_statistics.h"

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/image/block_sum.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace limpid {

BlockStatistics::BlockStatistics(const Image& image) : BlockStatistics(image.pixels()) {
  measure_rest();
}

BlockStatistics::BlockStatistics(std::span<const float> pixels)
    : BlockStatistics(static_cast<std::int64_t>(pixels.size()),
                      [pixels](std::int64_t begin, std::int64_t count, float*) {
                        return pixels.subspan(static_cast<std::size_t>(begin),
                                              static_cast<std::size_t>(count));
                      }) {
  needs_room_ = false;
}

BlockStatistics::BlockStatistics(std::int64_t pixel_count, Pixels pixels)
    : pixel_count_(pixel_count),
      pixels_(std::move(pixels)),
      blocks_(static_cast<std::size_t>((pixel_count + sum_block_pixels - 1) / sum_block_pixels)) {}

std::int64_t BlockStatistics::pixels_in(std::int64_t block) const {
  return std::min(sum_block_pixels, pixel_count_ - block * sum_block_pixels);
}

std::unique_ptr<float[]> BlockStatistics::make_room() const {
  if (!needs_room_)
    return nullptr;
  return std::make_unique_for_overwrite<float[]>(
      static_cast<std::size_t>(std::min(sum_block_pixels, pixel_count_)));
}

void BlockStatistics::measure_block(std::int64_t index, float* room) {
  Block& block = blocks_[static_cast<std::size_t>(index)];
  block.kept =
      RunningStatistics(pixels_(index * sum_block_pixels, pixels_in(index), room), low_, high_);
  if (block.is_measured)
    return;
  block.minimum = block.kept.minimum();
  block.maximum = block.kept.maximum();
  block.is_measured = true;
}

void BlockStatistics::measure_range(std::int64_t begin, std::int64_t end) {
  const auto room = make_room();
  const std::int64_t first = (begin + sum_block_pixels - 1) / sum_block_pixels;
  for (std::int64_t i = first; i < block_count() && i * sum_block_pixels + pixels_in(i) <= end; ++i)
    if (!blocks_[static_cast<std::size_t>(i)].is_measured)
      measure_block(i, room.get());
}

void BlockStatistics::measure_rest() {
  measure_where([](const Block& block, std::int64_t) { return !block.is_measured; });
}

void BlockStatistics::keep_within(float low, float high) {
  low_ = low;
  high_ = high;
  // A block that is whole stays as it is.
  measure_where([&](const Block& block, std::int64_t pixel_count) {
    return block.kept.count() + block.kept.non_finite_count() != pixel_count ||
           block.kept.minimum() < low || block.kept.maximum() > high;
  });
}

template <class Condition>
void BlockStatistics::measure_where(const Condition& must_measure) {
  parallel_for(block_count(), 1, [&](std::int64_t first, std::int64_t last) {
    std::unique_ptr<float[]> room;
    for (std::int64_t i = first; i < last; ++i)
      if (must_measure(blocks_[static_cast<std::size_t>(i)], pixels_in(i))) {
        if (!room)
          room = make_room();
        measure_block(i, room.get());
      }
  });
}

bool BlockStatistics::has_outside(std::int64_t index, float low, float high) const {
  const Block& block = blocks_[static_cast<std::size_t>(index)];
  return block.kept.non_finite_count() > 0 || block.minimum < low || block.maximum > high;
}

ImageStatistics BlockStatistics::total() const {
  RunningStatistics all;
  for (const Block& block : blocks_) {
    require(block.is_measured, "statistics of a part of an image");
    all += block.kept;
  }
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
