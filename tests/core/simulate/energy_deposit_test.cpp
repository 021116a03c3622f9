#include "core/simulate/energy_deposit.h"

#include "core/base/error.h"
#include "tests/support/catch.h"

#include <algorithm>
#include <cmath>
#include <vector>

using namespace limpid;

TEST_CASE("energy deposit: sums of any number of electrons have their mean and variance") {
  for (const double relative_variance : {0.2, 0.55, 1.0}) {
    const EnergyDeposit deposit(relative_variance);
    for (const std::int64_t electrons : {1, 2, 7, 40, 3000}) {
      CAPTURE(relative_variance, electrons);
      RandomSequence random(9, static_cast<std::uint64_t>(electrons));
      constexpr int draws = 40000;
      double sum = 0;
      double square_sum = 0;
      for (int i = 0; i < draws; ++i) {
        const double energy = deposit.draw_sum(electrons, random);
        sum += energy;
        square_sum += energy * energy;
      }
      const auto n = static_cast<double>(electrons);
      const double mean = sum / draws;
      const double variance = square_sum / draws - mean * mean;
      CHECK(mean == Approx(n).margin(5 * std::sqrt(n * relative_variance / draws)));
      // The long tail makes the variance of single electrons scatter more than that of a Gaussian.
      CHECK(variance == Approx(n * relative_variance).epsilon(0.06));
    }
  }
}

TEST_CASE("energy deposit: a single electron has a long tail to high energies") {
  const EnergyDeposit deposit(0.5);
  RandomSequence random(9, 1);
  constexpr int draws = 40000;
  int below_mean = 0;
  int above_three_means = 0;
  for (int i = 0; i < draws; ++i) {
    const double energy = deposit.draw_sum(1, random);
    below_mean += energy < 1 ? 1 : 0;
    above_three_means += energy > 3 ? 1 : 0;
  }
  CHECK(below_mean > 0.55 * draws);
  CHECK(above_three_means > 0.005 * draws);
  CHECK(deposit.draw_sum(0, random) == 0);
}

TEST_CASE("energy deposit: two electrons together leave what two single ones leave") {
  const EnergyDeposit deposit(0.55);
  RandomSequence random(9, 2);
  constexpr std::size_t draws = 40000;
  std::vector<double> together(draws);
  std::vector<double> single(draws);
  for (std::size_t i = 0; i < draws; ++i) {
    together[i] = deposit.draw_sum(2, random);
    single[i] = deposit.draw_sum(1, random) + deposit.draw_sum(1, random);
  }
  std::sort(together.begin(), together.end());
  std::sort(single.begin(), single.end());
  // Quantiles of 40000 draws lie within 0.02 of each other, in the tail within 0.1.
  for (const double share : {0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98}) {
    CAPTURE(share);
    const auto rank = static_cast<std::size_t>(share * draws);
    CHECK(together[rank] == Approx(single[rank]).margin(share > 0.95 ? 0.1 : 0.03));
  }
}

TEST_CASE("energy deposit: variances that no sensor has are refused") {
  CHECK_THROWS_AS(EnergyDeposit(0), Error);
  CHECK_THROWS_AS(EnergyDeposit(5), Error);
}
