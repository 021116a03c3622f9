#include "core/simulate/motion.h"

#include "tests/support/catch.h"

#include <cmath>
#include <numbers>

using namespace limpid;

TEST_CASE("motion: most of the way is done in the first frames") {
  RandomSequence random(1, 1);
  const FrameMotion motion = draw_motion({0.02, 4, 3}, 30, 1.5, random);
  REQUIRE(motion.shift_x_angstrom.size() == 30);
  CHECK(motion.travel_angstrom.front() > 10 * motion.travel_angstrom.back());
  // Late frames only drift: 0.02 A for each e/A^2.
  CHECK(motion.travel_angstrom.back() == Approx(0.02 * 1.5).epsilon(0.1));
}

TEST_CASE("motion: without motion nothing moves") {
  RandomSequence random(1, 1);
  const FrameMotion motion = draw_motion({0, 0, 3}, 4, 1, random);
  for (std::size_t frame = 0; frame < 4; ++frame) {
    CHECK(motion.shift_x_angstrom[frame] == 0);
    CHECK(motion.travel_angstrom[frame] == 0);
  }
}

TEST_CASE("motion: the blur of small motion is the mean of the sinc over directions") {
  const double k = 0.2;
  const double travel = 0.8;
  double sum = 0;
  constexpr int steps = 1000;
  for (int i = 0; i < steps; ++i) {
    const double x = std::numbers::pi * k * travel * std::cos(std::numbers::pi * (i + 0.5) / steps);
    sum += std::abs(x) < 1e-9 ? 1 : std::sin(x) / x;
  }
  CHECK(motion_blur(k, travel) == Approx(sum / steps).epsilon(1e-3));
}
