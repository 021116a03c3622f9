#include "core/simulate/energy_deposit.h"

#include "core/base/error.h"
#include "core/base/vector_clones.h"

#include <algorithm>
#include <cmath>

namespace limpid {
namespace {

constexpr std::size_t bin_count = 2048;
constexpr double negligible_probability = 1e-14;

// Probabilities of bins of equal width from 0 on; bin i stands for the value (i + 1/2) * width.
struct Distribution {
  std::vector<double> probabilities;
  double width = 1;

  double relative_variance() const {
    double first = 0;
    double second = 0;
    for (std::size_t i = 0; i < probabilities.size(); ++i) {
      const double value = (static_cast<double>(i) + 0.5) * width;
      first += probabilities[i] * value;
      second += probabilities[i] * value * value;
    }
    return second / (first * first) - 1;
  }
};

// Moyal's density of scale `spread` about a most probable value of 1.
Distribution moyal(double spread) {
  Distribution distribution{std::vector<double>(bin_count), 10.0 / bin_count};
  double total = 0;
  // exp(-x / 2) of x = (value - 1) / spread, from bin to bin.
  double fall = std::exp(-0.5 * (0.5 * distribution.width - 1) / spread);
  const double step = std::exp(-0.5 * distribution.width / spread);
  for (std::size_t i = 0; i < bin_count; ++i) {
    distribution.probabilities[i] = fall * std::exp(-0.5 * fall * fall);
    total += distribution.probabilities[i];
    fall *= step;
  }
  for (double& probability : distribution.probabilities)
    probability /= total;
  return distribution;
}

Distribution moyal_with_variance(double relative_variance) {
  double low = 0.01;
  double high = 3;
  // To 1e-11, of which rounding the result to float leaves nothing.
  for (int i = 0; i < 38; ++i) {
    const double middle = 0.5 * (low + high);
    (moyal(middle).relative_variance() < relative_variance ? low : high) = middle;
  }
  return moyal(low);
}

LIMPID_VECTOR_CLONES
void add_multiple(double factor, const double* from, std::size_t count, double* to) {
  for (std::size_t i = 0; i < count; ++i)
    to[i] += factor * from[i];
}

// The sum of two independent values, in bins of twice the width.
Distribution double_up(const Distribution& one) {
  const std::vector<double>& p = one.probabilities;
  std::size_t begin = 0;
  std::size_t end = bin_count;
  while (begin < end && p[begin] < negligible_probability)
    ++begin;
  while (end > begin && p[end - 1] < negligible_probability)
    --end;
  // By the sum of both bins; each pair of different ones counts twice.
  std::vector<double> pairs(2 * bin_count);
  for (std::size_t i = begin; i < end; ++i) {
    pairs[2 * i] += p[i] * p[i];
    add_multiple(2 * p[i], p.data() + i + 1, end - i - 1, pairs.data() + 2 * i + 1);
  }
  Distribution sum{std::vector<double>(bin_count), 2 * one.width};
  for (std::size_t i = 0; i < bin_count; ++i)
    sum.probabilities[i] = pairs[2 * i] + pairs[2 * i + 1];
  return sum;
}

std::vector<float> quantiles_of(const Distribution& distribution, int count) {
  std::vector<float> quantiles;
  double below = 0;
  std::size_t bin = 0;
  for (int i = 0; i <= count; ++i) {
    // The outermost entries stand for a quarter of an interval, not for the end of the bins.
    const double target = std::clamp(static_cast<double>(i), 0.25, count - 0.25) / count;
    while (bin + 1 < bin_count && below + distribution.probabilities[bin] < target)
      below += distribution.probabilities[bin++];
    const double inside =
        distribution.probabilities[bin] > 0
            ? std::clamp((target - below) / distribution.probabilities[bin], 0.0, 1.0)
            : 0;
    quantiles.push_back(
        static_cast<float>((static_cast<double>(bin) + inside) * distribution.width));
  }
  return quantiles;
}

// Shifts and stretches the distribution that the table stands for, linear between its entries, to a
// mean and a variance. Takes out what bins and cut tails did to them.
void set_moments(std::vector<float>& quantiles, double mean, double variance) {
  double first = 0;
  double second = 0;
  for (std::size_t i = 0; i + 1 < quantiles.size(); ++i) {
    const double a = quantiles[i];
    const double b = quantiles[i + 1];
    first += 0.5 * (a + b);
    second += (a * a + a * b + b * b) / 3;
  }
  const auto intervals = static_cast<double>(quantiles.size() - 1);
  first /= intervals;
  second = second / intervals - first * first;
  const double stretch = std::sqrt(variance / second);
  for (float& quantile : quantiles)
    quantile = static_cast<float>(mean + stretch * (quantile - first));
}

}  // namespace

EnergyDeposit::EnergyDeposit(double relative_variance) {
  if (!(relative_variance > 0.005 && relative_variance < 1.2))
    fail(ErrorKind::usage,
         "detector: a relative variance of the energy deposit of {} (0.005 to 1.2 is expected)",
         relative_variance);
  Distribution distribution = moyal_with_variance(relative_variance);
  for (int level = 0; level < energy_level_count; ++level) {
    const double electrons = std::ldexp(1.0, level);
    std::vector<float> quantiles = quantiles_of(distribution, energy_quantile_count);
    set_moments(quantiles, electrons, electrons * relative_variance);
    quantiles_.insert(quantiles_.end(), quantiles.begin(), quantiles.end());
    if (level + 1 < energy_level_count)
      distribution = double_up(distribution);
  }
}

}  // namespace limpid
