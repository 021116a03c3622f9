#pragma once

#include "core/base/random.h"

#include <array>
#include <cstdint>
#include <vector>

namespace limpid {

// The energy that single electrons leave in a thin sensor, in units of its mean: a Landau
// distribution in Moyal's form (Moyal 1955, Phil. Mag. 46:263), cut at 0 and at ten times its most
// probable value, with a chosen relative variance. An integrating detector then has
// DQE(0) = 1 / (1 + relative variance) (Swank 1973, J. Appl. Phys. 44:4199).
class EnergyDeposit {
 public:
  explicit EnergyDeposit(double relative_variance);

  // The sum over `electrons`: mean electrons, variance electrons * relative variance. A few random
  // numbers, because sums of 1, 2, 4, ... 1024 electrons are tabulated.
  double draw_sum(std::int64_t electrons, RandomSequence& random) const;

 private:
  static constexpr int level_count = 11;
  static constexpr int quantile_count = 4096;
  // quantiles_[j]: inverse cumulative distribution of the sum of 2^j electrons.
  std::array<std::vector<float>, level_count> quantiles_;
};

}  // namespace limpid
