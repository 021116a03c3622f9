#include "core/io/running_statistics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace limpid {
namespace {

// Independent partial results that the compiler keeps in vector registers.
constexpr std::size_t lane_count = 16;

template <class T>
using Lanes = std::array<T, lane_count>;

struct Extent {
  float minimum = std::numeric_limits<float>::infinity();
  float maximum = -std::numeric_limits<float>::infinity();
  double sum = 0;
  bool is_finite = true;
};

Extent extent_of(std::span<const float> values) {
  Lanes<float> low, high;
  Lanes<std::int32_t> finite;
  Lanes<double> sums{};
  low.fill(std::numeric_limits<float>::infinity());
  high.fill(-std::numeric_limits<float>::infinity());
  finite.fill(1);
  std::size_t i = 0;
  for (; i + lane_count <= values.size(); i += lane_count)
    for (std::size_t lane = 0; lane < lane_count; ++lane) {
      const float value = values[i + lane];
      low[lane] = value < low[lane] ? value : low[lane];
      high[lane] = value > high[lane] ? value : high[lane];
      finite[lane] &= std::abs(value) <= std::numeric_limits<float>::max();
      sums[lane] += static_cast<double>(value);
    }
  for (std::size_t lane = 0; i < values.size(); ++i, ++lane) {
    low[lane] = std::min(low[lane], values[i]);
    high[lane] = std::max(high[lane], values[i]);
    finite[lane] &= std::isfinite(values[i]);
    sums[lane] += static_cast<double>(values[i]);
  }
  Extent extent;
  for (std::size_t lane = 0; lane < lane_count; ++lane) {
    extent.minimum = std::min(extent.minimum, low[lane]);
    extent.maximum = std::max(extent.maximum, high[lane]);
    extent.sum += sums[lane];
    extent.is_finite = extent.is_finite && finite[lane] != 0;
  }
  return extent;
}

double squared_deviations(std::span<const float> values, double mean) {
  Lanes<double> sums{};
  std::size_t i = 0;
  for (; i + lane_count <= values.size(); i += lane_count)
    for (std::size_t lane = 0; lane < lane_count; ++lane) {
      const double deviation = static_cast<double>(values[i + lane]) - mean;
      sums[lane] += deviation * deviation;
    }
  double sum = 0;
  for (; i < values.size(); ++i) {
    const double deviation = static_cast<double>(values[i]) - mean;
    sum += deviation * deviation;
  }
  for (const double part : sums)
    sum += part;
  return sum;
}

}  // namespace

RunningStatistics::RunningStatistics(std::span<const float> values)
    : count_(static_cast<std::int64_t>(values.size())) {
  if (values.empty())
    return;
  const Extent extent = extent_of(values);
  minimum_ = extent.minimum;
  maximum_ = extent.maximum;
  is_finite_ = extent.is_finite;
  mean_ = extent.sum / static_cast<double>(count_);
  squared_deviations_ = squared_deviations(values, mean_);
}

void RunningStatistics::add(const RunningStatistics& other) {
  if (other.count_ == 0)
    return;
  const std::int64_t total = count_ + other.count_;
  const double share = static_cast<double>(other.count_) / static_cast<double>(total);
  const double difference = other.mean_ - mean_;
  squared_deviations_ +=
      other.squared_deviations_ + difference * difference * share * static_cast<double>(count_);
  mean_ += difference * share;
  count_ = total;
  minimum_ = std::min(minimum_, other.minimum_);
  maximum_ = std::max(maximum_, other.maximum_);
  is_finite_ = is_finite_ && other.is_finite_;
}

double RunningStatistics::standard_deviation() const {
  return count_ == 0 ? 0.0 : std::sqrt(squared_deviations_ / static_cast<double>(count_));
}

}  // namespace limpid
