#include "plugin/drawing/axis.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>

namespace limpid {
namespace {

constexpr double room_fraction = 0.04;

std::string number_label(double value, double step) {
  const double magnitude = std::max(std::abs(value), step);
  if (magnitude >= 1e6 || step < 1e-5)
    return fmt::format("{:.4g}", value);
  const int decimals = std::max(0, static_cast<int>(std::ceil(-std::log10(step) - 1e-9)));
  return fmt::format("{:.{}f}", value, decimals);
}

// 10 to a power with raised digits.
std::string power_of_ten(std::int64_t exponent) {
  static constexpr std::array<const char*, 10> raised = {"\u2070",
                                                         "\u00b9",
                                                         "\u00b2",
                                                         "\u00b3",
                                                         "\u2074",
                                                         "\u2075",
                                                         "\u2076",
                                                         "\u2077",
                                                         "\u2078",
                                                         "\u2079"};
  std::string label = "10";
  for (const char letter : std::to_string(exponent))
    label += letter == '-' ? "\u207b" : raised[static_cast<std::size_t>(letter - '0')];
  return label;
}

std::vector<AxisTick> linear_ticks(const AxisRange& range, std::size_t wanted_count) {
  const double span = range.high - range.low;
  const double rough = span / static_cast<double>(std::max<std::size_t>(wanted_count, 1));
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  double step = power;
  for (const double factor : {2.0, 5.0, 10.0})
    if (step < rough)
      step = factor * power;
  std::vector<AxisTick> ticks;
  const double slack = 1e-9 * span;
  for (double index = std::ceil((range.low - slack) / step);
       index * step <= range.high + slack && ticks.size() <= 4 * wanted_count;
       index += 1) {
    const double value = index == 0 ? 0.0 : index * step;  // no "-0"
    ticks.push_back({value, number_label(value, step)});
  }
  return ticks;
}

std::vector<AxisTick> logarithmic_ticks(const AxisRange& range, std::size_t wanted_count) {
  const double decades = std::log10(range.high / range.low);
  if (decades < 1)  // too few powers of ten and their multiples
    return linear_ticks(range, wanted_count);
  const auto stride = std::max<std::int64_t>(
      1,
      static_cast<std::int64_t>(
          std::ceil(decades / static_cast<double>(std::max<std::size_t>(wanted_count, 1)))));
  const bool has_steps_between = decades < 2;
  const bool is_plain = range.low >= 1e-4 && range.high < 1e5;
  std::vector<AxisTick> ticks;
  const auto first = static_cast<std::int64_t>(std::floor(std::log10(range.low)));
  const auto last = static_cast<std::int64_t>(std::ceil(std::log10(range.high)));
  for (std::int64_t exponent = first; exponent <= last; ++exponent) {
    if (exponent % stride != 0)
      continue;
    for (const double factor : {1.0, 2.0, 5.0}) {
      const double value = factor * std::pow(10.0, static_cast<double>(exponent));
      const bool is_wanted = factor == 1.0 || has_steps_between;
      if (is_wanted && value >= range.low * (1 - 1e-9) && value <= range.high * (1 + 1e-9))
        ticks.push_back(
            {value,
             is_plain || factor != 1.0 ? fmt::format("{:.6g}", value) : power_of_ten(exponent)});
    }
  }
  return ticks;
}

}  // namespace

double AxisRange::fraction(double value) const {
  if (!std::isfinite(value) || (is_logarithmic && value <= 0))
    return std::numeric_limits<double>::quiet_NaN();
  return is_logarithmic ? std::log(value / low) / std::log(high / low)
                        : (value - low) / (high - low);
}

AxisRange fit_range(const Axis& axis, const std::vector<double>& values) {
  // Fitted in the coordinate that is linear on the page.
  const auto coordinate = [&](double value) {
    return axis.is_logarithmic ? std::log10(value) : value;
  };
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const double value : values)
    if (std::isfinite(value) && (!axis.is_logarithmic || value > 0)) {
      low = std::min(low, coordinate(value));
      high = std::max(high, coordinate(value));
    }
  if (low > high) {
    low = 0;
    high = 1;
  }
  if (axis.low)
    low = coordinate(*axis.low);
  if (axis.high)
    high = coordinate(*axis.high);
  if (!(high > low)) {
    const double room = low == 0 || axis.is_logarithmic ? 1 : std::abs(low) / 2;
    low -= axis.low ? 0 : room;
    high = std::max(high, low) + room;
  }
  const double room = room_fraction * (high - low);
  low -= axis.low ? 0 : room;
  high += axis.high ? 0 : room;
  if (axis.is_logarithmic)
    return {std::pow(10.0, low), std::pow(10.0, high), true};
  return {low, high, false};
}

std::vector<AxisTick> choose_ticks(const AxisRange& range, std::size_t wanted_count) {
  return range.is_logarithmic ? logarithmic_ticks(range, wanted_count)
                              : linear_ticks(range, wanted_count);
}

}  // namespace limpid
