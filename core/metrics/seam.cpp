#include "core/metrics/seam.h"

#include "core/base/parallel.h"
#include "core/base/vector_clones.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <mutex>
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

// j of the text in the header, jumps cut off at a limit; 0 at the two ends.
using Profile = std::vector<double>;

struct Jumps {
  Profile profile;
  float largest = 0;  // that was found, cut off as all are
};

// Adds the jumps between neighbours of four lines, each at most `limit`, to sums of their own, and
// keeps the largest of each place.
LIMPID_VECTOR_CLONES
void add_jumps(const float* before,
               const float* left,
               const float* right,
               const float* behind,
               std::int64_t count,
               float limit,
               float* sums,
               float* largest) {
  for (std::int64_t i = 0; i < count; ++i) {
    const float jump = std::abs(1.5f * (right[i] - left[i]) + 0.5f * (before[i] - behind[i]));
    const float counted = jump < limit ? jump : limit;
    sums[i] += counted;
    largest[i] = counted > largest[i] ? counted : largest[i];
  }
}

// Sums for some places and the largest jump of each, which several threads join.
class Collected {
 public:
  explicit Collected(std::int64_t size)
      : sums_(static_cast<std::size_t>(size), 0.0f), largest_(sums_) {}

  float* sums() { return sums_.data(); }
  float* largest() { return largest_.data(); }

  void join(Jumps& jumps, std::mutex& mutex) const {
    const float largest = *std::max_element(largest_.begin(), largest_.end());
    const std::lock_guard lock(mutex);
    jumps.largest = std::max(jumps.largest, largest);
  }

 private:
  std::vector<float> sums_;
  std::vector<float> largest_;
};

Jumps column_jumps(const Image& image, float limit) {
  const std::int64_t step = (image.height() + most_lines - 1) / most_lines;
  const auto row_count = static_cast<double>((image.height() + step - 1) / step);
  Jumps jumps{.profile = Profile(static_cast<std::size_t>(image.width()), 0.0)};
  std::mutex mutex;
  parallel_for(image.width() - 3, 256, [&](std::int64_t begin, std::int64_t end) {
    Collected part(end - begin);
    for (std::int64_t y = 0; y < image.height(); y += step) {
      const float* const row = image.row(y).data() + begin;
      add_jumps(row, row + 1, row + 2, row + 3, end - begin, limit, part.sums(), part.largest());
    }
    for (std::int64_t i = 0; i < end - begin; ++i)
      jumps.profile[static_cast<std::size_t>(begin + i + 2)] =
          static_cast<double>(part.sums()[i]) / row_count;
    part.join(jumps, mutex);
  });
  return jumps;
}

Jumps row_jumps(const Image& image, float limit) {
  const std::int64_t step =
      run_px * ((image.width() + most_lines - 1) / most_lines);  // from run to run
  const auto column_count = static_cast<double>(((image.width() - run_px) / step + 1) * run_px);
  Jumps jumps{.profile = Profile(static_cast<std::size_t>(image.height()), 0.0)};
  std::mutex mutex;
  parallel_for(image.height() - 3, 16, [&](std::int64_t begin, std::int64_t end) {
    Collected part(run_px);
    for (std::int64_t y = begin; y < end; ++y) {
      std::fill_n(part.sums(), run_px, 0.0f);
      for (std::int64_t left = 0; left + run_px <= image.width(); left += step)
        add_jumps(image.row(y).data() + left,
                  image.row(y + 1).data() + left,
                  image.row(y + 2).data() + left,
                  image.row(y + 3).data() + left,
                  run_px,
                  limit,
                  part.sums(),
                  part.largest());
      jumps.profile[static_cast<std::size_t>(y + 2)] =
          std::accumulate(part.sums(), part.sums() + run_px, 0.0) / column_count;
    }
    part.join(jumps, mutex);
  });
  return jumps;
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

template <class Measure>
Seam strongest_of(const Image& image, bool is_vertical, const Measure& measure) {
  constexpr float no_limit = 3e38f;
  Jumps jumps = measure(image, no_limit);
  const double mean = mean_of(jumps.profile);
  if (!(mean > 0) || !std::isfinite(mean))
    return {};
  const auto limit = static_cast<float>(largest_ratio_to_mean * mean);
  if (jumps.largest > limit)
    jumps = measure(image, limit);
  return strongest_in(jumps.profile, is_vertical);
}

}  // namespace

Seam strongest_seam(const Image& image) {
  if (std::min(image.width(), image.height()) < least_side_px)
    return {};
  const Seam vertical = strongest_of(image, true, column_jumps);
  const Seam horizontal = strongest_of(image, false, row_jumps);
  return vertical.strength >= horizontal.strength ? vertical : horizontal;
}

}  // namespace limpid
