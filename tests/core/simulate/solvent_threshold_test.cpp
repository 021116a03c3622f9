#include "core/simulate/solvent_threshold.h"

#include "core/base/random.h"
#include "tests/support/catch.h"

#include <algorithm>
#include <limits>
#include <vector>

using namespace limpid;

TEST_CASE("solvent threshold: lies between a noisy solvent and a noisy particle") {
  RandomSequence random(1, 1);
  std::vector<float> density;
  for (int i = 0; i < 20000; ++i)
    density.push_back(static_cast<float>((i % 10 == 0 ? 5.0 : -1.0) + 0.5 * random.normal()));
  // The peaks are 12 standard deviations of the noise apart.
  const double threshold = find_solvent_threshold(density);
  CHECK(threshold > 1.0);
  CHECK(threshold < 3.0);
}

TEST_CASE("solvent threshold: a particle that fills the box leaves its share") {
  std::vector<float> density(1000, 2.0f);
  std::fill(density.begin(), density.begin() + 300, 0.0f);
  CHECK(find_solvent_threshold(density) == Approx(1.0).margin(0.01));
}

TEST_CASE("solvent threshold: constant, empty and broken maps have one, too") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK(find_solvent_threshold(std::vector<float>(10, 3.0f)) == 3.0);
  CHECK(find_solvent_threshold({}) == 0.0);
  CHECK(find_solvent_threshold(std::vector<float>{nan, nan}) == 0.0);
  const double threshold = find_solvent_threshold(std::vector<float>{nan, 0, 0, 4, 4});
  CHECK(threshold > 0.0);
  CHECK(threshold < 4.0);
}
