#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

namespace limpid {

inline constexpr double radial_table_corner = 0.70711;
inline constexpr std::size_t radial_table_steps = 1024;

// Several functions of the length of the frequency vector, tabulated for fast look-up in the loops
// over a spectrum. Frequencies in cycles per pixel, up to the corner of the Fourier plane.
template <std::size_t column_count>
class RadialTable {
 public:
  using Row = std::array<float, column_count>;

  // `functions` gives all columns at a frequency.
  template <class Functions>
  explicit RadialTable(const Functions& functions) {
    rows_.reserve(step_count + 2);
    for (std::size_t i = 0; i < step_count + 2; ++i)
      rows_.push_back(functions(corner * static_cast<double>(i) / step_count));
  }

  Row at(double fx, double fy) const {
    const double position = std::sqrt(fx * fx + fy * fy) * (step_count / corner);
    const auto index = static_cast<std::size_t>(position);
    const auto fraction = static_cast<float>(position - static_cast<double>(index));
    const Row& low = rows_[index];
    const Row& high = rows_[index + 1];
    Row row;
    for (std::size_t column = 0; column < column_count; ++column)
      row[column] = low[column] + fraction * (high[column] - low[column]);
    return row;
  }

  const std::vector<Row>& rows() const { return rows_; }

 private:
  static constexpr double corner = radial_table_corner;
  static constexpr std::size_t step_count = radial_table_steps;
  std::vector<Row> rows_;
};

}  // namespace limpid
