#pragma once

#include <utility>
#include <vector>

namespace limpid {

// Modulation transfer function of a detector against frequency in cycles per pixel, 1 at 0.
class Mtf {
 public:
  Mtf() : Mtf(1, 1) {}

  // exp(-a f^p) through its values at half and at full Nyquist frequency (0.25 and 0.5 cycles per
  // pixel), each above 0 and at most 1: close to the shape of measured curves.
  Mtf(double at_half_nyquist, double at_nyquist);

  // A measured table of (frequency, value), interpolated linearly, constant beyond its ends.
  // Throws Error (usage) unless frequencies rise and values are finite and not negative.
  static Mtf from_table(std::vector<std::pair<double, double>> table);

  double operator()(double cycles_per_px) const;

 private:
  double decay_ = 0;
  double exponent_ = 1;
  std::vector<std::pair<double, double>> table_;
};

}  // namespace limpid
