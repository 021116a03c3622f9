#include "core/simulate/mtf.h"

#include "core/base/error.h"

#include <algorithm>
#include <cmath>

namespace limpid {

Mtf::Mtf(double at_half_nyquist, double at_nyquist) {
  if (!(at_nyquist > 0 && at_nyquist <= at_half_nyquist && at_half_nyquist <= 1))
    fail(ErrorKind::usage,
         "MTF: values {} and {} at half and full Nyquist frequency (0 to 1 and falling are "
         "expected)",
         at_half_nyquist,
         at_nyquist);
  if (at_half_nyquist == 1 || at_nyquist == at_half_nyquist) {
    // A curve that is flat in part has no such exponent; a steep one stands in for it.
    exponent_ = at_half_nyquist == 1 ? 8 : 0.1;
    decay_ = -std::log(at_nyquist) / std::pow(0.5, exponent_);
    return;
  }
  exponent_ = std::log2(std::log(at_nyquist) / std::log(at_half_nyquist));
  decay_ = -std::log(at_half_nyquist) / std::pow(0.25, exponent_);
}

Mtf Mtf::from_table(std::vector<std::pair<double, double>> table) {
  if (table.empty())
    fail(ErrorKind::usage, "MTF: the table is empty");
  for (std::size_t i = 0; i < table.size(); ++i) {
    const auto& [frequency, value] = table[i];
    if (!std::isfinite(frequency) || !std::isfinite(value) || value < 0 ||
        (i > 0 && frequency <= table[i - 1].first))
      fail(ErrorKind::usage,
           "MTF: row {} of the table is ({}, {}); frequencies must rise and values be finite and "
           "not negative",
           i + 1,
           frequency,
           value);
  }
  Mtf mtf;
  mtf.table_ = std::move(table);
  return mtf;
}

double Mtf::operator()(double cycles_per_px) const {
  if (table_.empty())
    return std::exp(-decay_ * std::pow(cycles_per_px, exponent_));
  const auto above = std::upper_bound(
      table_.begin(), table_.end(), cycles_per_px, [](double frequency, const auto& row) {
        return frequency < row.first;
      });
  if (above == table_.begin())
    return table_.front().second;
  if (above == table_.end())
    return table_.back().second;
  const auto below = above - 1;
  const double fraction = (cycles_per_px - below->first) / (above->first - below->first);
  return below->second + fraction * (above->second - below->second);
}

}  // namespace limpid
