#include "core/noise/exposure_filter.h"

#include <cmath>

namespace limpid {

double critical_exposure(double frequency) {
  return 0.245 * std::pow(frequency, -1.665) + 2.81;
}

double weighted_noise_power(double frequency, double dose) {
  if (!(frequency > 0) || !(dose > 0))
    return 1;  // nothing destroys the mean
  const double relative = dose / critical_exposure(frequency);
  return -std::expm1(-relative) / relative;
}

}  // namespace limpid
