#include "core/simulate/solvent_threshold.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace limpid {

double find_solvent_threshold(std::span<const float> density) {
  double lowest = std::numeric_limits<double>::infinity();
  double highest = -lowest;
  for (const float value : density)
    if (std::isfinite(value)) {
      lowest = std::min<double>(lowest, value);
      highest = std::max<double>(highest, value);
    }
  if (!(lowest < highest))
    return lowest < std::numeric_limits<double>::infinity() ? lowest : 0;

  constexpr std::size_t bin_count = 1024;
  const double bin_width = (highest - lowest) / bin_count;
  std::vector<double> counts(bin_count);
  double total_count = 0;
  double total_sum = 0;  // in bins
  for (const float value : density)
    if (std::isfinite(value)) {
      const auto bin =
          std::min(static_cast<std::size_t>((value - lowest) / bin_width), bin_count - 1);
      ++counts[bin];
      ++total_count;
      total_sum += static_cast<double>(bin);
    }

  double largest_separation = -1;
  // Empty bins between the two give equal separations; the middle of them is chosen.
  std::size_t first_best = 0;
  std::size_t last_best = 0;
  double solvent_count = 0;
  double solvent_sum = 0;
  for (std::size_t bin = 0; bin + 1 < bin_count; ++bin) {
    solvent_count += counts[bin];
    solvent_sum += counts[bin] * static_cast<double>(bin);
    const double particle_count = total_count - solvent_count;
    if (solvent_count == 0 || particle_count == 0)
      continue;
    const double difference =
        solvent_sum / solvent_count - (total_sum - solvent_sum) / particle_count;
    const double separation = solvent_count * particle_count * difference * difference;
    if (separation > largest_separation) {
      largest_separation = separation;
      first_best = bin;
    }
    if (separation == largest_separation)
      last_best = bin;
  }
  return lowest + bin_width * (0.5 * static_cast<double>(first_best + last_best) + 1);
}

}  // namespace limpid
