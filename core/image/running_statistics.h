#pragma once

#include <cstdint>
#include <limits>
#include <span>

namespace limpid {

bool all_finite(std::span<const float> values);

// Smallest, largest, mean and standard deviation of values that come in pieces. Sums are kept about
// the running mean, so a large offset costs no precision (Chan, Golub, LeVeque 1979), and each
// value is read from memory once as long as a piece fits in a processor's cache.
class RunningStatistics {
 public:
  RunningStatistics() = default;
  // Of the values with low <= value <= high. At most 2^31 of them.
  explicit RunningStatistics(std::span<const float> values,
                             float low = std::numeric_limits<float>::lowest(),
                             float high = std::numeric_limits<float>::max());

  // Joins the values that `other` has seen. The order of calls decides the last bits of the result.
  RunningStatistics& operator+=(const RunningStatistics& other);

  std::int64_t count() const { return count_; }
  // NaN and infinities, which count for nothing else.
  std::int64_t non_finite_count() const { return non_finite_count_; }
  float minimum() const { return minimum_; }
  float maximum() const { return maximum_; }
  double mean() const { return mean_; }
  double standard_deviation() const;

 private:
  std::int64_t count_ = 0;
  std::int64_t non_finite_count_ = 0;
  float minimum_ = std::numeric_limits<float>::infinity();
  float maximum_ = -std::numeric_limits<float>::infinity();
  double mean_ = 0;
  double squared_deviations_ = 0;
};

}  // namespace limpid
