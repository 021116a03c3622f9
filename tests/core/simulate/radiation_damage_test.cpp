#include "core/simulate/radiation_damage.h"

#include "tests/support/catch.h"

#include <cmath>

using namespace limpid;

TEST_CASE("damage: critical exposures are those of Grant and Grigorieff 2015") {
  // Their curve at 1 / (3 A) and 1 / (10 A), computed by hand.
  CHECK(critical_exposure(1 / 3.0, 300) == Approx(0.24499 * std::pow(3, 1.6649) + 2.8141));
  CHECK(critical_exposure(1 / 3.0, 300) == Approx(4.34).epsilon(0.002));
  CHECK(critical_exposure(0.1, 300) == Approx(14.14).epsilon(0.002));
  CHECK(critical_exposure(0.1, 200) == Approx(0.8 * 14.14).epsilon(0.002));
  CHECK(std::isfinite(critical_exposure(0, 300)));
}

TEST_CASE("damage: the amplitude left in a frame is the mean of the decay over it") {
  const double critical = 5;
  double sum = 0;
  constexpr int steps = 10000;
  for (int i = 0; i < steps; ++i)
    sum += std::exp(-(3 + 4 * (i + 0.5) / steps) / (2 * critical));
  CHECK(surviving_amplitude(critical, 3, 7) == Approx(sum / steps).epsilon(1e-7));
  CHECK(surviving_amplitude(critical, 0, 1e-12) == Approx(1));
  CHECK(surviving_amplitude(critical, 0, 2) > surviving_amplitude(critical, 2, 4));
}
