#include "core/simulate/ice.h"

#include "core/simulate/electron.h"
#include "core/simulate/scattering.h"
#include "tests/support/catch.h"

#include <cmath>
#include <numbers>

using namespace limpid;

TEST_CASE("ice: the structure factor has its plateau, its peak at 3.7 A and its limit") {
  CHECK(ice_structure_factor(0) == Approx(0.06).epsilon(0.02));
  CHECK(ice_structure_factor(1) == Approx(1).epsilon(0.01));
  double peak_k = 0;
  for (double k = 0.2; k < 0.4; k += 0.001)
    if (ice_structure_factor(k) > ice_structure_factor(peak_k))
      peak_k = k;
  CHECK(1 / peak_k == Approx(3.7).epsilon(0.03));
  CHECK(ice_structure_factor(peak_k) == Approx(2).epsilon(0.1));
}

TEST_CASE("ice: the power at low frequency is that of molecules with the water's compressibility") {
  // sigma^2 n t (47.878 f)^2 S in numbers for 300 A at 300 kV.
  const double volts = ice_inner_potential_volts() / ice_molecules_per_a3;
  const double expected = std::pow(6.526e-4 * volts, 2) * ice_molecules_per_a3 * 300 * 0.06;
  CHECK(ice_phase_power(0, 300, 300) == Approx(expected).epsilon(0.01));
}

TEST_CASE("ice: the 3.7 A structure is renewed within a few electrons") {
  // Mean square displacement 1.1 A^2 for each e/A^2: amplitude correlation exp(-q^2 1.1 N / 6).
  const double q = 2 * std::numbers::pi / 3.7;
  CHECK(ice_decay_rate(1 / 3.7, 300) == Approx(q * q * 1.1 / 6));
  CHECK(ice_decay_rate(1 / 3.7, 200) > ice_decay_rate(1 / 3.7, 300));
}

namespace {

// Straight sums over small steps of exposure.
HalfCovariance covariance_by_sums(double rate, double frame_exposure, int frame_count) {
  constexpr int steps = 40;
  HalfCovariance sum{0, 0, 0};
  const int total = frame_count * steps;
  for (int a = 0; a < total; ++a)
    for (int b = 0; b < total; ++b) {
      const double lag = frame_exposure * std::abs(a - b) / steps;
      const double correlation = std::exp(-rate * lag);
      const bool a_is_even = (a / steps) % 2 == 0;
      const bool b_is_even = (b / steps) % 2 == 0;
      if (a_is_even && b_is_even)
        sum.even += correlation;
      else if (!a_is_even && !b_is_even)
        sum.odd += correlation;
      else
        sum.cross += 0.5 * correlation;
    }
  const double even = steps * ((frame_count + 1) / 2);
  const double odd = steps * (frame_count / 2);
  return {sum.even / (even * even), sum.odd / (odd * odd), sum.cross / (even * odd)};
}

}  // namespace

TEST_CASE("ice: covariances of the halves equal sums over fine steps") {
  for (const auto& [rate, frames] : {std::pair{1e-3, 6}, {0.1, 6}, {0.1, 7}, {0.5, 2}, {1.0, 5}}) {
    CAPTURE(rate, frames);
    const HalfCovariance fast = half_covariance(rate, 1.3, frames);
    const HalfCovariance slow = covariance_by_sums(rate, 1.3, frames);
    // The sums take steps of 1.3 / 40, which miss the cusp at lag 0 by that much.
    CHECK(fast.even == Approx(slow.even).epsilon(2e-3));
    CHECK(fast.odd == Approx(slow.odd).epsilon(2e-3));
    CHECK(fast.cross == Approx(slow.cross).epsilon(2e-3));
  }
}

TEST_CASE("ice: still structure is common to the halves, fast structure is not") {
  const HalfCovariance still = half_covariance(0, 1, 20);
  CHECK(still.even == Approx(1));
  CHECK(still.cross == Approx(1));
  const HalfCovariance fast = half_covariance(1000, 1, 20);
  // Ten frames, each averaging 1000 / 2 independent values.
  CHECK(fast.even == Approx(2.0 / 1000 / 10).epsilon(0.01));
  CHECK(fast.cross < 1e-3 * fast.even);
}

TEST_CASE("ice: surface roughness adds up to its height") {
  const SurfaceRoughness roughness{2, 50};
  double variance = 0;
  constexpr double step = 1e-5;
  for (double k = step / 2; k < 1; k += step)
    variance += roughness_phase_power(k, roughness, 300) * 2 * std::numbers::pi * k * step;
  const double phase = interaction_constant(300) * ice_inner_potential_volts() * 2;
  // The exponential correlation has a tail beyond 1 / A: 1 / (2 pi 50) of the power.
  CHECK(variance == Approx(2 * phase * phase).epsilon(0.01));
}

TEST_CASE("ice: mean free paths grow with the voltage") {
  CHECK(ice_mean_free_path_angstrom(300) == Approx(3950));
  CHECK(ice_mean_free_path_angstrom(200) == Approx(3950 * 0.483 / 0.603).epsilon(0.01));
  CHECK(carbon_mean_free_path_angstrom(300) < ice_mean_free_path_angstrom(300));
}
