#include "core/image/intensity.h"

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/base/vector_clones.h"
#include "core/image/block_statistics.h"
#include "core/image/block_sum.h"
#include "core/image/running_statistics.h"
#include "core/image/statistics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace limpid {
namespace {

constexpr double largest_repaired_fraction = 0.01;
constexpr double clip_sigmas = 6;
constexpr int largest_step_count = 20;
// Of two images side by side in the innermost cache.
constexpr std::int64_t cached_pixels = 2048;

// Finite pixels at the Chebyshev distance `radius` from (x, y).
void collect_ring(const Image& image,
                  std::int64_t x,
                  std::int64_t y,
                  std::int64_t radius,
                  std::vector<float>& values) {
  const auto take = [&](std::int64_t px, std::int64_t py) {
    if (px >= 0 && px < image.width() && py >= 0 && py < image.height() &&
        std::isfinite(image.at(px, py)))
      values.push_back(image.at(px, py));
  };
  for (std::int64_t px = x - radius; px <= x + radius; ++px) {
    take(px, y - radius);
    take(px, y + radius);
  }
  for (std::int64_t py = y - radius + 1; py < y + radius; ++py) {
    take(x - radius, py);
    take(x + radius, py);
  }
}

float median_of(std::vector<float>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1)
    return *middle;
  const double lower = *std::max_element(values.begin(), middle);
  return static_cast<float>(0.5 * (lower + *middle));
}

// The smallest window with a finite pixel has them all on its border. The distance to the nearest
// one changes by at most 1 between neighbours, so the search in a block of bad pixels goes on where
// the pixel before it ended.
std::vector<float> find_replacements(const Image& image,
                                     const std::vector<std::int64_t>& positions) {
  std::vector<float> replacements(positions.size());
  const auto repair_range = [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> neighbours;
    std::int64_t previous = -2;
    std::int64_t radius = 1;
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
      const std::int64_t x = positions[i] % image.width();
      const std::int64_t y = positions[i] / image.width();
      const bool continues = positions[i] == previous + 1 && x > 0;
      radius = continues ? std::max<std::int64_t>(1, radius - 1) : 1;
      neighbours.clear();
      for (;; ++radius) {
        collect_ring(image, x, y, radius, neighbours);
        if (!neighbours.empty())
          break;
      }
      replacements[i] = median_of(neighbours);
      previous = positions[i];
    }
  };
  parallel_for(static_cast<std::int64_t>(positions.size()), 1024, repair_range);
  return replacements;
}

float to_float_range(double value) {
  constexpr double limit = std::numeric_limits<float>::max();
  return static_cast<float>(std::clamp(value, -limit, limit));
}

LIMPID_VECTOR_CLONES
void divide_values(float* values, std::int64_t count, const IntensityScale& scale) {
  const auto [mean, sigma, low, high] = scale;
  for (std::int64_t i = 0; i < count; ++i) {
    const float raised = values[i] < low ? low : values[i];
    const float clipped = raised > high ? high : raised;
    values[i] = static_cast<float>((clipped - mean) / sigma);
  }
}

// The same quotients by multiplications, which take half the time of a division in double; false if
// one of them might differ from that of the division in its last bit.
//
// The rounded quotient lies between the products with factors that are 8 roundings below and above
// the reciprocal. Where these become the same float, so does everything between them.
LIMPID_VECTOR_CLONES
bool multiply_values(const float* values,
                     float* quotients,
                     std::int64_t count,
                     const IntensityScale& scale) {
  const auto [mean, sigma, low, high] = scale;
  const double below = 1 / sigma * (1 - 0x1p-50);
  const double above = 1 / sigma * (1 + 0x1p-50);
  std::int32_t differ = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const float raised = values[i] < low ? low : values[i];
    const float clipped = raised > high ? high : raised;
    const double difference = clipped - mean;
    const auto quotient = static_cast<float>(difference * below);
    differ |= quotient == static_cast<float>(difference * above) ? 0 : 1;
    quotients[i] = quotient;
  }
  return differ == 0;
}

void normalize_values(float* values, std::int64_t count, const IntensityScale& scale) {
  constexpr std::int64_t piece = 1024;
  std::array<float, piece> quotients;
  for (std::int64_t i = 0; i < count; i += piece) {
    const std::int64_t piece_count = std::min(piece, count - i);
    if (multiply_values(values + i, quotients.data(), piece_count, scale))
      std::copy_n(quotients.data(), piece_count, values + i);
    else
      divide_values(values + i, piece_count, scale);
  }
}

LIMPID_VECTOR_CLONES
void restore_values(float* values, std::int64_t count, const IntensityScale& scale) {
  const auto [mean, sigma, low, high] = scale;
  for (std::int64_t i = 0; i < count; ++i)
    values[i] = static_cast<float>(values[i] * sigma + mean);
}

// Their positions in ascending order. Most images have none.
std::vector<std::int64_t> find_non_finite(const Image& image) {
  struct Positions {
    std::vector<std::int64_t> values;
    Positions& operator+=(const Positions& other) {
      values.insert(values.end(), other.values.begin(), other.values.end());
      return *this;
    }
  };
  const std::span<const float> pixels = image.pixels();
  return sum_in_blocks<Positions>(image.pixel_count(),
                                  sum_block_pixels,
                                  [&](std::int64_t begin, std::int64_t end) {
                                    Positions part;
                                    const auto block =
                                        pixels.subspan(static_cast<std::size_t>(begin),
                                                       static_cast<std::size_t>(end - begin));
                                    if (all_finite(block))
                                      return part;
                                    for (std::size_t i = 0; i < block.size(); ++i)
                                      if (!std::isfinite(block[i]))
                                        part.values.push_back(begin + static_cast<std::int64_t>(i));
                                    return part;
                                  })
      .values;
}

// Throws Error(input) for an image that has no grey scale.
void require_contrast(const ImageStatistics& all) {
  const std::int64_t pixel_count = all.count + all.non_finite_count;
  if (all.count == 0)
    fail(ErrorKind::input, "none of the {} pixels is a finite number", pixel_count);
  if (all.minimum == all.maximum)
    fail(ErrorKind::input,
         "all {} pixels have the value {}; an image without contrast cannot be put on a scale",
         all.count,
         all.minimum);
}

// Calls change(values, count) for blocks of pixels that have just been copied, while they are in
// the cache of the processor.
template <class Change>
void copy_and_change(const float* from, float* to, std::int64_t pixel_count, const Change& change) {
  parallel_for(pixel_count, sum_block_pixels, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; i += cached_pixels) {
      const std::int64_t count = std::min(cached_pixels, end - i);
      std::copy_n(from + i, count, to + i);
      change(to + i, count);
    }
  });
}

}  // namespace

std::int64_t repair_non_finite(Image& image) {
  const std::vector<std::int64_t> positions = find_non_finite(image);
  const auto count = static_cast<std::int64_t>(positions.size());
  if (count == 0)
    return 0;
  if (count == image.pixel_count())
    fail(ErrorKind::input, "none of the {} pixels is a finite number", count);
  if (static_cast<double>(count) >
      largest_repaired_fraction * static_cast<double>(image.pixel_count()))
    fail(ErrorKind::input,
         "{} of {} pixels are not finite numbers; at most {} % can be repaired",
         count,
         image.pixel_count(),
         100 * largest_repaired_fraction);
  const std::vector<float> replacements = find_replacements(image, positions);
  for (std::size_t i = 0; i < positions.size(); ++i)
    image.pixels()[static_cast<std::size_t>(positions[i])] = replacements[i];
  return count;
}

IntensityScale measure_plain_scale(const Image& image) {
  const ImageStatistics all = measure_statistics(image);
  require_contrast(all);
  return {all.mean, all.sigma, all.minimum, all.maximum};
}

IntensityScale measure_intensity_scale(BlockStatistics& blocks) {
  ImageStatistics kept = blocks.total();
  require_contrast(kept);
  float low = to_float_range(kept.mean - clip_sigmas * kept.sigma);
  float high = to_float_range(kept.mean + clip_sigmas * kept.sigma);
  for (int step = 0; step < largest_step_count; ++step) {
    blocks.keep_within(low, high);
    const ImageStatistics inside = blocks.total();
    if (inside.count == kept.count)
      break;
    if (inside.count == 0 || inside.minimum == inside.maximum) {
      low = kept.minimum;
      high = kept.maximum;
      break;
    }
    kept = inside;
    low = to_float_range(kept.mean - clip_sigmas * kept.sigma);
    high = to_float_range(kept.mean + clip_sigmas * kept.sigma);
  }
  return {kept.mean, kept.sigma, low, high};
}

IntensityScale measure_intensity_scale(const Image& image) {
  BlockStatistics blocks(image);
  return measure_intensity_scale(blocks);
}

NetworkScale repair_and_measure(Image& image) {
  BlockStatistics blocks(image);
  return repair_and_measure(image, blocks);
}

NetworkScale repair_and_measure(Image& image, BlockStatistics& blocks) {
  if (blocks.total().non_finite_count == 0)
    return {0, measure_intensity_scale(blocks)};
  const std::int64_t repaired_count = repair_non_finite(image);
  return {repaired_count, measure_intensity_scale(image)};
}

void normalize(std::span<float> pixels, const IntensityScale& scale) {
  require(scale.sigma > 0, "an intensity scale with a sigma of {}", scale.sigma);
  normalize_values(pixels.data(), static_cast<std::int64_t>(pixels.size()), scale);
}

void normalize(Image& image, const IntensityScale& scale) {
  require(scale.sigma > 0, "an intensity scale with a sigma of {}", scale.sigma);
  float* const pixels = image.pixels().data();
  parallel_for(image.pixel_count(), sum_block_pixels, [&](std::int64_t begin, std::int64_t end) {
    normalize_values(pixels + begin, end - begin, scale);
  });
}

void normalize(const Image& image, const IntensityScale& scale, std::span<float> result) {
  require(scale.sigma > 0 && result.size() == image.pixels().size(),
          "{} pixels normalised into {} with a sigma of {}",
          image.pixel_count(),
          result.size(),
          scale.sigma);
  copy_and_change(
      image.pixels().data(),
      result.data(),
      image.pixel_count(),
      [&](float* values, std::int64_t count) { normalize_values(values, count, scale); });
}

NetworkScale put_on_network_scale(Image& image) {
  const NetworkScale result = repair_and_measure(image);
  normalize(image, result.scale);
  return result;
}

void restore(Image& image, const IntensityScale& scale) {
  float* const pixels = image.pixels().data();
  parallel_for(image.pixel_count(), sum_block_pixels, [&](std::int64_t begin, std::int64_t end) {
    restore_values(pixels + begin, end - begin, scale);
  });
}

void restore(std::span<const float> pixels, const IntensityScale& scale, Image& result) {
  require(pixels.size() == result.pixels().size(),
          "{} pixels restored into {}",
          pixels.size(),
          result.pixel_count());
  copy_and_change(pixels.data(),
                  result.pixels().data(),
                  result.pixel_count(),
                  [&](float* values, std::int64_t count) { restore_values(values, count, scale); });
}

}  // namespace limpid
