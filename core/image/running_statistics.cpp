#include "core/image/running_statistics.h"

#include "core/base/vector_clones.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace limpid {
namespace {

// Independent partial results, which the compiler keeps in vector registers.
constexpr std::size_t lane_count = 16;

template <class T>
using Lanes = std::array<T, lane_count>;

struct Extent {
  Lanes<double> sum;
  Lanes<float> minimum;
  Lanes<float> maximum;
  Lanes<std::int32_t> count;
  Lanes<std::int32_t> non_finite_count;
};

LIMPID_VECTOR_CLONES
void measure_extent(std::span<const float> values, float low, float high, Extent& total) {
  Extent extent{};  // a local, which stays in registers
  extent.minimum.fill(std::numeric_limits<float>::infinity());
  extent.maximum.fill(-std::numeric_limits<float>::infinity());
  constexpr float infinity = std::numeric_limits<float>::infinity();
  const auto take = [&](const float* piece, std::size_t count) {
    for (std::size_t lane = 0; lane < count; ++lane) {
      const float value = piece[lane];
      const bool is_inside = value >= low && value <= high;
      const float counted = is_inside ? value : 0.0f;
      const float at_least = is_inside ? value : infinity;
      const float at_most = is_inside ? value : -infinity;
      extent.sum[lane] += static_cast<double>(counted);
      extent.minimum[lane] = at_least < extent.minimum[lane] ? at_least : extent.minimum[lane];
      extent.maximum[lane] = at_most > extent.maximum[lane] ? at_most : extent.maximum[lane];
      extent.count[lane] += is_inside ? 1 : 0;
      extent.non_finite_count[lane] += std::abs(value) <= std::numeric_limits<float>::max() ? 0 : 1;
    }
  };
  std::size_t i = 0;
  for (; i + lane_count <= values.size(); i += lane_count)
    take(values.data() + i, lane_count);
  take(values.data() + i, values.size() - i);
  total = extent;
}

LIMPID_VECTOR_CLONES
double squared_deviations(std::span<const float> values, float low, float high, double mean) {
  Lanes<double> sums{};
  const auto take = [&](float value, std::size_t lane) {
    const double deviation = value - mean;
    sums[lane] += value >= low && value <= high ? deviation * deviation : 0.0;
  };
  std::size_t i = 0;
  for (; i + lane_count <= values.size(); i += lane_count)
    for (std::size_t lane = 0; lane < lane_count; ++lane)
      take(values[i + lane], lane);
  for (std::size_t lane = 0; i < values.size(); ++i, ++lane)
    take(values[i], lane);
  double sum = 0;
  for (const double part : sums)
    sum += part;
  return sum;
}

}  // namespace

LIMPID_VECTOR_CLONES
bool all_finite(std::span<const float> values) {
  std::int32_t non_finite = 0;
  for (const float value : values)
    non_finite |= std::abs(value) <= std::numeric_limits<float>::max() ? 0 : 1;
  return non_finite == 0;
}

RunningStatistics::RunningStatistics(std::span<const float> values, float low, float high) {
  Extent extent;
  measure_extent(values, low, high, extent);
  double sum = 0;
  for (std::size_t lane = 0; lane < lane_count; ++lane) {
    sum += extent.sum[lane];
    minimum_ = std::min(minimum_, extent.minimum[lane]);
    maximum_ = std::max(maximum_, extent.maximum[lane]);
    count_ += extent.count[lane];
    non_finite_count_ += extent.non_finite_count[lane];
  }
  if (count_ == 0)
    return;
  mean_ = sum / static_cast<double>(count_);
  squared_deviations_ = squared_deviations(values, low, high, mean_);
}

RunningStatistics& RunningStatistics::operator+=(const RunningStatistics& other) {
  non_finite_count_ += other.non_finite_count_;
  if (other.count_ == 0)
    return *this;
  const std::int64_t total = count_ + other.count_;
  const double share = static_cast<double>(other.count_) / static_cast<double>(total);
  const double difference = other.mean_ - mean_;
  squared_deviations_ +=
      other.squared_deviations_ + difference * difference * share * static_cast<double>(count_);
  mean_ += difference * share;
  count_ = total;
  minimum_ = std::min(minimum_, other.minimum_);
  maximum_ = std::max(maximum_, other.maximum_);
  return *this;
}

double RunningStatistics::standard_deviation() const {
  return count_ == 0 ? 0.0 : std::sqrt(squared_deviations_ / static_cast<double>(count_));
}

}  // namespace limpid
