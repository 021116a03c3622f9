#include "core/data/defective_pixels.h"

#include "core/base/parallel.h"
#include "core/base/random.h"
#include "core/image/intensity.h"
#include "core/image/statistics.h"

#include <algorithm>
#include <limits>

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

// Beyond the range of grey values, alone or in a line.
std::vector<std::int64_t> find_outliers(const Image& sum) {
  const ImageStatistics statistics = measure_statistics(sum);
  if (statistics.count == 0 || statistics.minimum == statistics.maximum)
    return {};
  const IntensityScale scale = measure_intensity_scale(sum);
  const std::span<const float> values = sum.pixels();
  const auto is_beyond = [&](std::int64_t pixel) {
    const float value = values[static_cast<std::size_t>(pixel)];
    return value < scale.clip_low || value > scale.clip_high;
  };
  std::vector<std::int64_t> outliers;
  for (std::int64_t pixel = 0; pixel < sum.pixel_count(); ++pixel)
    if (is_beyond(pixel)) {
      int beyond = 0;
      for_each_neighbour(
          sum, pixel, 1, [&](std::int64_t other) { beyond += is_beyond(other) ? 1 : 0; });
      if (beyond <= neighbours_in_line)
        outliers.push_back(pixel);
    }
  return outliers;
}

}  // namespace

DefectivePixels::DefectivePixels(Image sum, const Image& gain) {
  for (std::size_t i = 0; i < gain.pixels().size(); ++i)
    if (gain.pixels()[i] == 0) {
      sum.pixels()[i] = std::numeric_limits<float>::quiet_NaN();  // left out of statistics
      pixels_.push_back(static_cast<std::int64_t>(i));
    }
  const std::vector<std::int64_t> outliers = find_outliers(sum);
  pixels_.insert(pixels_.end(), outliers.begin(), outliers.end());
  if (pixels_.empty())
    return;
  is_defective_.resize(sum.pixels().size());
  for (const std::int64_t pixel : pixels_)
    is_defective_[static_cast<std::size_t>(pixel)] = 1;
}

float DefectivePixels::draw(const Image& frame,
                            std::int64_t pixel,
                            std::uint64_t frame_number) const {
  const std::int64_t longest_side = std::max(frame.width(), frame.height());
  std::vector<float> choice;
  for (std::int64_t radius = first_radius_px;; radius *= 2) {
    choice.clear();
    for_each_neighbour(frame, pixel, radius, [&](std::int64_t other) {
      if (is_defective_[static_cast<std::size_t>(other)] == 0)
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
