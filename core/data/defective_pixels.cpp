#include "core/data/defective_pixels.h"

#include "core/base/parallel.h"
#include "core/base/random.h"
#include "core/image/block_sum.h"
#include "core/image/intensity.h"
#include "core/image/statistics.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace limpid {
namespace {

// Enough to draw from, so that neighbours do not become copies of one another.
constexpr std::size_t smallest_choice = 6;
constexpr std::int64_t first_radius_px = 2;

// No number of a frame.
constexpr std::uint64_t coin_stream = 0x5000000000000000ull;

// The corner of a larger region has three.
constexpr int neighbours_in_line = 2;

// Calls visit(pixel) for those within `radius` of one in x and in y, itself left out.
template <class Visit>
void for_each_neighbour(const Image& image,
                        std::int64_t pixel,
                        std::int64_t radius,
                        Visit&& visit) {
  const std::int64_t x = pixel % image.width();
  const std::int64_t y = pixel / image.width();
  for (std::int64_t at_y = std::max<std::int64_t>(0, y - radius);
       at_y <= std::min(image.height() - 1, y + radius);
       ++at_y)
    for (std::int64_t at_x = std::max<std::int64_t>(0, x - radius);
         at_x <= std::min(image.width() - 1, x + radius);
         ++at_x)
      if (at_x != x || at_y != y)
        visit(at_y * image.width() + at_x);
}

// Beyond the range of grey values, alone or in a line. value(pixel) is what was measured.
template <class Value>
std::vector<std::int64_t> find_outliers(const Image& shape,
                                        BlockStatistics& statistics,
                                        Value&& value) {
  const ImageStatistics all = statistics.total();
  if (all.count == 0 || all.minimum == all.maximum)
    return {};
  const IntensityScale scale = measure_intensity_scale(statistics);
  const auto is_beyond = [&](std::int64_t pixel) {
    return value(pixel) < scale.clip_low || value(pixel) > scale.clip_high;
  };
  std::vector<std::int64_t> outliers;
  const auto search = [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t pixel = begin; pixel < end; ++pixel)
      if (is_beyond(pixel)) {
        int beyond = 0;
        for_each_neighbour(
            shape, pixel, 1, [&](std::int64_t other) { beyond += is_beyond(other) ? 1 : 0; });
        if (beyond <= neighbours_in_line)
          outliers.push_back(pixel);
      }
  };
  for (std::int64_t block = 0; block < statistics.block_count(); ++block)
    if (statistics.has_outside(block, scale.clip_low, scale.clip_high))
      search(block * sum_block_pixels,
             std::min(shape.pixel_count(), (block + 1) * sum_block_pixels));
  return outliers;
}

}  // namespace

DefectivePixels::DefectivePixels(Image sum, const Image& gain) {
  for (std::size_t i = 0; i < gain.pixels().size(); ++i)
    if (gain.pixels()[i] == 0) {
      sum.pixels()[i] = std::numeric_limits<float>::quiet_NaN();  // left out of statistics
      pixels_.push_back(static_cast<std::int64_t>(i));
    }
  BlockStatistics statistics(sum);
  const std::vector<std::int64_t> outliers =
      find_outliers(sum, statistics, [values = sum.pixels().data()](std::int64_t pixel) {
        return values[pixel];
      });
  pixels_.insert(pixels_.end(), outliers.begin(), outliers.end());
  mark(sum.pixel_count());
}

DefectivePixels::DefectivePixels(const Image& first, const Image& second, BlockStatistics& sum)
    : pixels_(find_outliers(
          first, sum, [a = first.pixels().data(), b = second.pixels().data()](std::int64_t pixel) {
            return a[pixel] + b[pixel];
          })) {
  mark(first.pixel_count());
}

DefectivePixels::DefectivePixels(std::vector<std::int64_t> pixels, std::int64_t pixel_count)
    : pixels_(std::move(pixels)) {
  mark(pixel_count);
}

void DefectivePixels::mark(std::int64_t pixel_count) {
  if (pixels_.empty())
    return;
  is_defective_.resize(static_cast<std::size_t>(pixel_count));
  for (const std::int64_t pixel : pixels_)
    is_defective_[static_cast<std::size_t>(pixel)] = true;
}

float DefectivePixels::draw(const Image& frame,
                            std::int64_t pixel,
                            std::uint64_t frame_number) const {
  const std::int64_t longest_side = std::max(frame.width(), frame.height());
  std::vector<float> choice;
  for (std::int64_t radius = first_radius_px;; radius *= 2) {
    choice.clear();
    for_each_neighbour(frame, pixel, radius, [&](std::int64_t other) {
      if (!is_defective_[static_cast<std::size_t>(other)])
        choice.push_back(frame.pixels()[static_cast<std::size_t>(other)]);
    });
    if (choice.size() >= smallest_choice || radius >= longest_side)
      break;
  }
  if (choice.empty())
    return 0;  // none works
  const std::uint32_t bits =
      philox4x32(0, frame_number, static_cast<std::uint64_t>(pixel)).value[0];
  return choice[bits % choice.size()];
}

void DefectivePixels::repair(Image& frame, std::uint64_t frame_number) const {
  constexpr std::int64_t pixels_per_thread = 256;
  // Only pixels that work are read and only others written, so the order does not matter.
  parallel_for(static_cast<std::int64_t>(pixels_.size()),
               pixels_per_thread,
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t i = begin; i < end; ++i) {
                   const std::int64_t pixel = pixels_[static_cast<std::size_t>(i)];
                   frame.pixels()[static_cast<std::size_t>(pixel)] =
                       draw(frame, pixel, frame_number);
                 }
               });
}

void DefectivePixels::repair_in_one(Image& first, Image& second) const {
  for (const std::int64_t pixel : pixels_) {
    const bool in_first =
        philox4x32(0, coin_stream, static_cast<std::uint64_t>(pixel)).value[0] & 1u;
    Image& image = in_first ? first : second;
    image.pixels()[static_cast<std::size_t>(pixel)] = draw(image, pixel, in_first ? 0 : 1);
  }
}

}  // namespace limpid
