#include "plugin/trust/white_noise.h"

#include "core/image/statistics.h"
#include "tests/support/catch.h"

#include <cmath>
#include <thread>
#include <vector>

using namespace limpid;

TEST_CASE("white_noise: it has variance 1 in every ring") {
  const WhiteNoise noise(128, 96, 5);
  const ImageStatistics pixels = measure_statistics(inverse_fourier_transform(noise.spectrum));
  CHECK(pixels.mean == Approx(0).margin(0.03));
  CHECK(pixels.sigma == Approx(1).margin(0.03));
  // |F|^2 of N pixels of variance 1 is N on average, within 5 standard errors of a mean.
  for (std::size_t ring = 8; ring < noise.sums.modes.size(); ++ring)
    CHECK(noise.sums.power_a[ring] / noise.sums.modes[ring] / (128.0 * 96.0) ==
          Approx(1).margin(5 / std::sqrt(noise.sums.modes[ring] / 2)));
}

TEST_CASE("white_noise: all who ask for one size and seed get the same, others another") {
  WhiteNoises noises;
  std::vector<std::shared_ptr<const WhiteNoise>> found(4);
  {
    std::vector<std::jthread> threads;
    for (auto& one : found)
      threads.emplace_back([&] { one = noises.of(64, 32, 1); });
  }
  for (const auto& one : found)
    CHECK(one == found.front());
  const auto again = WhiteNoises().of(64, 32, 1);
  CHECK(again->spectrum.values() == found.front()->spectrum.values());
  CHECK(noises.of(64, 32, 2)->spectrum.values() != again->spectrum.values());
  CHECK(noises.of(32, 64, 1)->spectrum.width() == 17);
}
