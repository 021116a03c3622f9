#pragma once

#include <cstdint>
#include <limits>
#include <span>

namespace limpid {

// Smallest, largest, mean and standard deviation of values that come in pieces. Sums are kept about
// the running mean, so a large offset costs no precision (Chan, Golub, LeVeque 1979).
class RunningStatistics {
 public:
  RunningStatistics() = default;
  explicit RunningStatistics(std::span<const float> values);

  // Joins the values that `other` has seen. The order of calls decides the last bits of the result.
  void add(const RunningStatistics& other);

  std::int64_t count() const { return count_; }
  // False if a NaN or an infinity was among the values; the other results are then meaningless.
  bool is_finite() const { return is_finite_; }
  float minimum() const { return minimum_; }
  float maximum() const { return maximum_; }
  double mean() const { return mean_; }
  double standard_deviation() const;

 private:
  std::int64_t count_ = 0;
  bool is_finite_ = true;
  float minimum_ = std::numeric_limits<float>::infinity();
  float maximum_ = -std::numeric_limits<float>::infinity();
  double mean_ = 0;
  double squared_deviations_ = 0;
};

}  // namespace limpid
