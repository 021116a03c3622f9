#pragma once

#include "core/base/host_device.h"
#include "core/base/random.h"

#include <cstdint>
#include <vector>

namespace limpid {

inline constexpr int energy_level_count = 11;
inline constexpr int energy_quantile_count = 4096;

// For devices, too: row j of `quantiles`, energy_quantile_count + 1 numbers, is the inverse
// cumulative distribution of the sum of 2^j electrons.
LIMPID_HOST_DEVICE inline double draw_energy_sum(const float* quantiles,
                                                 std::int64_t electrons,
                                                 RandomSequence& random) {
  double sum = 0;
  int level = energy_level_count - 1;
  while (electrons > 0) {
    const std::int64_t block = std::int64_t{1} << level;
    if (electrons < block) {
      --level;
      continue;
    }
    const float* row = quantiles + level * (energy_quantile_count + 1);
    const double position = random.uniform() * energy_quantile_count;
    const auto index = static_cast<int>(position);
    const double fraction = position - index;
    sum += row[index] + fraction * (row[index + 1] - row[index]);
    electrons -= block;
  }
  return sum;
}

// The energy that single electrons leave in a thin sensor, in units of its mean: a Landau
// distribution in Moyal's form (Moyal 1955, Phil. Mag. 46:263), cut at 0 and at ten times its most
// probable value, with a chosen relative variance. An integrating detector then has
// DQE(0) = 1 / (1 + relative variance) (Swank 1973, J. Appl. Phys. 44:4199).
class EnergyDeposit {
 public:
  explicit EnergyDeposit(double relative_variance);

  // The sum over `electrons`: mean electrons, variance electrons * relative variance. A few random
  // numbers, because sums of 1, 2, 4, ... 1024 electrons are tabulated.
  double draw_sum(std::int64_t electrons, RandomSequence& random) const {
    return draw_energy_sum(quantiles_.data(), electrons, random);
  }

  const std::vector<float>& quantiles() const { return quantiles_; }

 private:
  std::vector<float> quantiles_;  // as for draw_energy_sum()
};

}  // namespace limpid
