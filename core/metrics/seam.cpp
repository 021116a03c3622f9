#include "core/metrics/seam.h"

#include "core/base/parallel.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <vector>

namespace limpid {
namespace {

constexpr std::int64_t most_lines = 1024;  // rows or columns that are looked at
constexpr std::int64_t run_px = 16;        // of neighbouring columns: one line of memory
constexpr std::int64_t nearest_px = 3;     // of the surroundings; nearer ones feel the jump
constexpr std::int64_t farthest_px = 12;
constexpr std::int64_t grid_px = 32;  // of the networks in use, or a multiple of it
constexpr std::int64_t most_grid_steps = 8;
constexpr std::int64_t least_side_px = 128;
constexpr double largest_ratio_to_mean = 10;
// Of the mean jump, for surroundings without any.
constexpr double least_ratio_to_mean = 1e-3;

float jump(float before, float left, float right, float behind) {
  return std::abs(1.5f * (right - left) + 0.5f * (before - behind));
}

// j of the text in the header, jumps cut off at `largest`; 0 at the two ends.
using Profile = std::vector<double>;

Profile column_profile(const Image& image, float largest) {
  const std::int64_t step = (image.height() + most_lines - 1) / most_lines;
  Profile profile(static_cast<std::size_t>(image.width()), 0.0);
  parallel_for(image.width() - 3, 256, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> sums(static_cast<std::size_t>(end - begin), 0.0f);
    std::int64_t count = 0;
    for (std::int64_t y = 0; y < image.height(); y += step, ++count) {
      const float* const row = image.row(y).data() + begin;
      for (std::int64_t i = 0; i < end - begin; ++i)
        sums[static_cast<std::size_t>(i)] +=
            std::min(largest, jump(row[i], row[i + 1], row[i + 2], row[i + 3]));
    }
    for (std::int64_t i = 0; i < end - begin; ++i)
      profile[static_cast<std::size_t>(begin + i + 2)] =
          static_cast<double>(sums[static_cast<std::size_t>(i)]) / static_cast<double>(count);
  });
  return profile;
}

Profile row_profile(const Image& image, float largest) {
  const std::int64_t step =
      run_px * ((image.width() + most_lines - 1) / most_lines);  // from run to run
  Profile profile(static_cast<std::size_t>(image.height()), 0.0);
  parallel_for(image.height() - 3, 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t y = begin; y < end; ++y) {
      float sum = 0;
      std::int64_t count = 0;
      for (std::int64_t left = 0; left + run_px <= image.width(); left += step, count += run_px)
        for (std::int64_t x = left; x < left + run_px; ++x)
          sum += std::min(
              largest,
              jump(image.at(x, y), image.at(x, y + 1), image.at(x, y + 2), image.at(x, y + 3)));
      profile[static_cast<std::size_t>(y + 2)] =
          static_cast<double>(sum) / static_cast<double>(count);
    }
  });
  return profile;
}

double mean_of(const Profile& profile) {
  return std::accumulate(profile.begin(), profile.end(), 0.0) / static_cast<double>(profile.size());
}

double median_of(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// The larger of the two medians of the header.
double surroundings(const Profile& profile, std::int64_t position, std::vector<double>& values) {
  const auto size = static_cast<std::int64_t>(profile.size());
  const auto add = [&](std::int64_t at) {
    if (at >= 2 && at < size - 1)  // where there is a jump to measure
      values.push_back(profile[static_cast<std::size_t>(at)]);
  };
  values.clear();
  for (std::int64_t k = nearest_px; k <= farthest_px; ++k) {
    add(position - k);
    add(position + k);
  }
  const double near = median_of(values);
  values.clear();
  for (std::int64_t k = 1; k <= most_grid_steps; ++k) {
    add(position - k * grid_px);
    add(position + k * grid_px);
  }
  return std::max(near, median_of(values));
}

// Where both sides have surroundings.
Seam strongest_in(const Profile& profile, bool is_vertical) {
  const double mean = mean_of(profile);
  const auto size = static_cast<std::int64_t>(profile.size());
  Seam seam{.strength = 1, .position = 0, .is_vertical = is_vertical};
  std::vector<double> values;
  for (std::int64_t c = farthest_px + 2; c < size - farthest_px - 2; ++c) {
    const double strength = profile[static_cast<std::size_t>(c)] /
                            std::max(surroundings(profile, c, values), least_ratio_to_mean * mean);
    if (strength > seam.strength) {
      seam.strength = strength;
      seam.position = c;
    }
  }
  return seam;
}

template <class MeasureProfile>
Seam strongest_of(const Image& image, bool is_vertical, const MeasureProfile& measure) {
  constexpr float no_limit = 3e38f;
  const double mean = mean_of(measure(image, no_limit));
  if (!(mean > 0) || !std::isfinite(mean))
    return {};
  return strongest_in(measure(image, static_cast<float>(largest_ratio_to_mean * mean)),
                      is_vertical);
}

}  // namespace

Seam strongest_seam(const Image& image) {
  if (std::min(image.width(), image.height()) < least_side_px)
    return {};
  const Seam vertical = strongest_of(image, true, column_profile);
  const Seam horizontal = strongest_of(image, false, row_profile);
  return vertical.strength >= horizontal.strength ? vertical : horizontal;
}

}  // namespace limpid
