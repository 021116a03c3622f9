#pragma once

#include "core/base/host_device.h"
#include "core/base/random.h"

#include <cmath>
#include <cstdint>

namespace limpid {

// A Poisson variate of the given mean (0 for a mean that is not positive). One uniform number and
// about `mean` multiplications below a mean of 10, transformed rejection above.
std::int64_t draw_poisson(double mean, RandomSequence& random);

// What follows is for devices, too. Their math libraries differ in the last bits of exp and log,
// which, rarely, decide about a draw.

// log(k!): a table, then Stirling's series, whose error at k = 256 is below 1e-15.
struct LogFactorials {
  static constexpr int size = 256;
  double values[size];

  LIMPID_HOST_DEVICE double operator()(std::int64_t k) const {
    if (k < size)
      return values[k];
    const double x = static_cast<double>(k) + 1;
    return (x - 0.5) * std::log(x) - x + 0.91893853320467274178 + 1 / (12 * x) -
           1 / (360 * x * x * x);
  }
};

const LogFactorials& log_factorials();

// Devroye 1986, "Non-uniform random variate generation", X.3: walk up the cumulative distribution.
LIMPID_HOST_DEVICE inline std::int64_t draw_poisson_by_inversion(double mean,
                                                                 RandomSequence& random) {
  const double u = random.uniform();
  double probability = std::exp(-mean);
  double cumulative = probability;
  std::int64_t count = 0;
  // 32 bits of uniform number never ask for more than 60 at these means.
  while (u > cumulative && count < 200) {
    ++count;
    probability *= mean / static_cast<double>(count);
    cumulative += probability;
  }
  return count;
}

// PTRS: Hoermann 1993, "The transformed rejection method for generating Poisson random variables",
// Insurance: Mathematics and Economics 12:39.
LIMPID_HOST_DEVICE inline std::int64_t draw_poisson_by_rejection(double mean,
                                                                 const LogFactorials& log_factorial,
                                                                 RandomSequence& random) {
  const double b = 0.931 + 2.53 * std::sqrt(mean);
  const double a = -0.059 + 0.02483 * b;
  const double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
  const double v_r = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    const double u = random.uniform() - 0.5;
    const double v = random.uniform();
    const double us = 0.5 - std::abs(u);
    const double k = std::floor((2 * a / us + b) * u + mean + 0.43);
    if (us >= 0.07 && v <= v_r)
      return static_cast<std::int64_t>(k);
    if (k < 0 || (us < 0.013 && v > us))
      continue;
    const auto count = static_cast<std::int64_t>(k);
    if (std::log(v * inverse_alpha / (a / (us * us) + b)) <=
        k * std::log(mean) - mean - log_factorial(count))
      return count;
  }
}

LIMPID_HOST_DEVICE inline std::int64_t draw_poisson(double mean,
                                                    const LogFactorials& log_factorial,
                                                    RandomSequence& random) {
  if (!(mean > 0))
    return 0;
  return mean < 10 ? draw_poisson_by_inversion(mean, random)
                   : draw_poisson_by_rejection(mean, log_factorial, random);
}

}  // namespace limpid
