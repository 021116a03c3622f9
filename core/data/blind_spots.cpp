#include "core/data/blind_spots.h"

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/image/statistics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

namespace limpid {
namespace {

constexpr std::int64_t line_begin_px = 6;
constexpr std::int64_t line_end_px = 10;
constexpr double shared_noise = 0.03;
// Cells are this many times as wide as blocks: a ninth of the pixels is hidden.
constexpr std::int64_t block_spacing = 3;

using Lags = std::array<double, line_end_px + 1>;

// Mean product of pixels `lag` apart, over rows and columns.
Lags measure_autocovariance(const Image& image) {
  const double mean = measure_statistics(image).mean;
  Lags covariance{};
  for (std::int64_t lag = 0; lag <= line_end_px; ++lag) {
    double sum = 0;
    std::int64_t count = 0;
    const auto add = [&](std::int64_t step_x, std::int64_t step_y) {
      for (std::int64_t y = 0; y + step_y < image.height(); ++y)
        for (std::int64_t x = 0; x + step_x < image.width(); ++x)
          sum += (static_cast<double>(image.at(x, y)) - mean) *
                 (static_cast<double>(image.at(x + step_x, y + step_y)) - mean);
      count += std::max<std::int64_t>(image.width() - step_x, 0) *
               std::max<std::int64_t>(image.height() - step_y, 0);
    };
    add(lag, 0);
    add(0, lag);
    covariance[static_cast<std::size_t>(lag)] = count > 0 ? sum / static_cast<double>(count) : 0.0;
  }
  return covariance;
}

struct Line {
  double slope = 0;
  double offset = 0;
  double at(std::int64_t lag) const { return offset + slope * static_cast<double>(lag); }
};

// The least-squares line through the values at the far lags.
Line fit_line(const Lags& covariance) {
  const double middle = 0.5 * static_cast<double>(line_begin_px + line_end_px);
  double mean = 0, product = 0, square = 0;
  for (std::int64_t lag = line_begin_px; lag <= line_end_px; ++lag) {
    const double value = covariance[static_cast<std::size_t>(lag)];
    const double distance = static_cast<double>(lag) - middle;
    mean += value / static_cast<double>(line_end_px - line_begin_px + 1);
    product += distance * value;
    square += distance * distance;
  }
  const double slope = product / square;
  return {.slope = slope, .offset = mean - slope * middle};
}

}  // namespace

std::int64_t measure_noise_radius_px(const Image& image) {
  const Lags covariance = measure_autocovariance(image);
  const Line signal = fit_line(covariance);
  // What chance makes of white noise does not count; it matters in small images alone.
  const double chance = 4 / std::sqrt(2 * static_cast<double>(image.pixel_count()));
  const double noise = covariance[0] - signal.at(0);
  std::int64_t radius = largest_noise_radius_px;
  while (radius > 0 && covariance[static_cast<std::size_t>(radius)] - signal.at(radius) <
                           std::max(shared_noise, chance) * noise)
    --radius;
  return radius;
}

BlindSpots::BlindSpots(std::int64_t patch_size_px, std::int64_t noise_radius_px)
    : size_(patch_size_px),
      margin_(noise_radius_px),
      core_(noise_radius_px + 1),
      cell_(block_spacing * (core_ + 2 * margin_)) {}

void BlindSpots::hide(std::span<float> patch,
                      std::span<float> weights,
                      std::uint64_t seed,
                      std::uint64_t stream) const {
  require(patch.size() == static_cast<std::size_t>(size_ * size_) && weights.size() == patch.size(),
          "blind spots of patches of {} px",
          size_);
  RandomSequence random(seed, stream);
  std::vector<std::uint8_t> is_hidden(patch.size());
  std::fill(weights.begin(), weights.end(), 0.0f);
  std::vector<std::size_t> cores;
  const auto mark = [&](std::int64_t begin_x,
                        std::int64_t begin_y,
                        std::int64_t side,
                        auto&& each) {
    for (std::int64_t y = std::max<std::int64_t>(begin_y, 0); y < std::min(begin_y + side, size_);
         ++y)
      for (std::int64_t x = std::max<std::int64_t>(begin_x, 0); x < std::min(begin_x + side, size_);
           ++x)
        each(static_cast<std::size_t>(y * size_ + x));
  };
  const std::int64_t block = core_ + 2 * margin_;
  const std::int64_t first_x = -random.below(cell_), first_y = -random.below(cell_);
  for (std::int64_t cell_y = first_y; cell_y < size_; cell_y += cell_)
    for (std::int64_t cell_x = first_x; cell_x < size_; cell_x += cell_) {
      const std::int64_t x = cell_x + random.below(cell_ - block + 1);
      const std::int64_t y = cell_y + random.below(cell_ - block + 1);
      mark(x, y, block, [&](std::size_t pixel) { is_hidden[pixel] = 1; });
      mark(x + margin_, y + margin_, core_, [&](std::size_t pixel) { cores.push_back(pixel); });
    }
  for (const std::size_t pixel : cores)
    weights[pixel] = static_cast<float>(patch.size()) / static_cast<float>(cores.size());
  // Only visible pixels are read and only hidden ones written.
  const std::int64_t reach = 2 * block;
  for (std::size_t pixel = 0; pixel < patch.size(); ++pixel) {
    if (is_hidden[pixel] == 0)
      continue;
    const auto at_x = static_cast<std::int64_t>(pixel) % size_;
    const auto at_y = static_cast<std::int64_t>(pixel) / size_;
    std::size_t other = pixel;
    while (is_hidden[other] != 0) {
      const std::int64_t x = at_x + random.below(2 * reach + 1) - reach;
      const std::int64_t y = at_y + random.below(2 * reach + 1) - reach;
      if (x >= 0 && x < size_ && y >= 0 && y < size_)
        other = static_cast<std::size_t>(y * size_ + x);
    }
    patch[pixel] = patch[other];
  }
}

}  // namespace limpid
