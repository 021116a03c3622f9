#include "core/simulate/radiation_damage.h"

#include <algorithm>
#include <cmath>

namespace limpid {

double critical_exposure(double frequency_per_angstrom, double voltage_kv) {
  // Nothing larger than a field of view fades; the bound keeps the power finite at frequency 0.
  const double frequency = std::max(frequency_per_angstrom, 1e-4);
  const double at_300_kv = 0.24499 * std::pow(frequency, -1.6649) + 2.8141;
  return at_300_kv * (1 + 0.2 * (voltage_kv - 300) / 100);
}

double surviving_amplitude(double critical_exposure, double begin, double end) {
  const double decay = 1 / (2 * critical_exposure);
  const double span = decay * (end - begin);
  const double mean_over_span = span > 1e-9 ? -std::expm1(-span) / span : 1;
  return std::exp(-decay * begin) * mean_over_span;
}

}  // namespace limpid
