#include "core/image/statistics.h"

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/image/block_statistics.h"
#include "core/image/block_sum.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <mutex>
#include <span>
#include <utility>

namespace limpid {
namespace {

// Float bits to integers of the same order, -infinity first.
std::uint32_t ordered_key(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return (bits >> 31) != 0 ? ~bits : bits | 0x80000000u;
}

float value_of_key(std::uint32_t key) {
  return std::bit_cast<float>((key >> 31) != 0 ? key & 0x7fffffffu : ~key);
}

// Order statistics of value(i), i in [0, count), by counting the leading 11, 22 and 32 bits of the
// keys: exact, without a copy of the image.
template <class Value>
class OrderStatistics {
 public:
  OrderStatistics(std::int64_t count, Value value) : count_(count), value_(std::move(value)) {
    for (const std::int64_t n : histogram(0, 0))
      finite_count_ += n;
  }

  std::int64_t finite_count() const { return finite_count_; }

  // The value at a fractional rank between 0 and finite_count() - 1.
  double at(double rank) const {
    const auto lower_rank = static_cast<std::int64_t>(std::floor(rank));
    const double fraction = rank - static_cast<double>(lower_rank);
    const double lower = select(lower_rank);
    return fraction > 0 ? lower + fraction * (select(lower_rank + 1) - lower) : lower;
  }

 private:
  static constexpr std::array<int, 3> bits = {11, 11, 10};
  using Histogram = std::array<std::int64_t, 2048>;

  // Counts the next bits[step] bits of the keys that start with `prefix`.
  Histogram histogram(std::size_t step, std::uint32_t prefix) const {
    int used = 0;
    for (std::size_t i = 0; i < step; ++i)
      used += bits[i];
    const int shift = 32 - used - bits[step];
    const std::uint32_t mask = (1u << bits[step]) - 1;
    Histogram total{};
    std::mutex mutex;
    parallel_for(count_, sum_block_pixels, [&](std::int64_t begin, std::int64_t end) {
      Histogram part{};
      for (std::int64_t i = begin; i < end; ++i) {
        const float value = value_(i);
        const std::uint32_t key = ordered_key(value);
        if (std::isfinite(value) && (used == 0 || key >> (32 - used) == prefix))
          ++part[(key >> shift) & mask];
      }
      std::lock_guard lock(mutex);
      for (std::size_t i = 0; i < part.size(); ++i)
        total[i] += part[i];
    });
    return total;
  }

  double select(std::int64_t rank) const {
    std::uint32_t prefix = 0;
    for (std::size_t step = 0; step < bits.size(); ++step) {
      const Histogram counts = histogram(step, prefix);
      std::uint32_t bin = 0;
      while (rank >= counts[bin])
        rank -= counts[bin++];
      prefix = (prefix << bits[step]) | bin;
    }
    return value_of_key(prefix);
  }

  std::int64_t count_;
  Value value_;
  std::int64_t finite_count_ = 0;
};

void require_finite_pixels(std::int64_t finite_count, const Image& image) {
  if (finite_count == 0)
    fail(ErrorKind::input, "none of the {} pixels is a finite number", image.pixel_count());
}

}  // namespace

ImageStatistics measure_statistics(const Image& image) {
  return BlockStatistics(image).total();
}

ImageStatistics measure_statistics_within(const Image& image, float low, float high) {
  BlockStatistics blocks(image);
  blocks.keep_within(low, high);
  return blocks.total();
}

double percentile(const Image& image, double percent) {
  require(percent >= 0 && percent <= 100, "percentile {}", percent);
  const OrderStatistics order(
      image.pixel_count(), [pixels = image.pixels().data()](std::int64_t i) { return pixels[i]; });
  require_finite_pixels(order.finite_count(), image);
  return order.at(percent / 100 * static_cast<double>(order.finite_count() - 1));
}

RobustScale measure_robust_scale(const Image& image) {
  const double median = percentile(image, 50);
  const OrderStatistics distances(image.pixel_count(),
                                  [pixels = image.pixels().data(), median](std::int64_t i) {
                                    return static_cast<float>(std::abs(pixels[i] - median));
                                  });
  return {median,
          1.4826022 * distances.at(0.5 * static_cast<double>(distances.finite_count() - 1))};
}

}  // namespace limpid
