#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace limpid {

struct AxisTick {
  double value = 0;
  std::string label;
};

struct Axis {
  std::string label = {};  // with the unit
  bool is_logarithmic = false;
  std::optional<double> low = std::nullopt;  // ends; empty: fitted to the values
  std::optional<double> high = std::nullopt;
  std::vector<AxisTick> ticks = {};  // empty: chosen
};

// From which value to which an axis goes.
struct AxisRange {
  double low = 0;
  double high = 1;
  bool is_logarithmic = false;

  // 0 at `low`, 1 at `high`, NaN where there is no place on the axis.
  double fraction(double value) const;
};

// A range that holds all the values that have a place on the axis, and some room beside them where
// the axis does not say its own ends.
AxisRange fit_range(const Axis& axis, const std::vector<double>& values);

// Ticks at round values: 1, 2 or 5 times a power of ten apart, about `wanted_count` of them.
std::vector<AxisTick> choose_ticks(const AxisRange& range, std::size_t wanted_count);

}  // namespace limpid
