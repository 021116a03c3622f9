#include "plugin/trust/noise_model.h"

#include "core/base/random.h"
#include "core/image/statistics.h"
#include "tests/support/catch.h"

#include <cmath>
#include <numbers>

using namespace limpid;

namespace {

constexpr std::int64_t side = 256;

// White noise of sigma 2 around 10, on a pattern with a period of 44 pixels.
Image micrograph(double amplitude, std::uint64_t seed) {
  Image image(side, side);
  RandomSequence random(seed, 0);
  for (std::int64_t y = 0; y < side; ++y)
    for (std::int64_t x = 0; x < side; ++x)
      image.at(x, y) = static_cast<float>(
          10 + 2 * random.normal() +
          amplitude * std::sin(2 * std::numbers::pi * static_cast<double>(5 * x + 3 * y) / side));
  return image;
}

}  // namespace

TEST_CASE("noise model: without halves the power of particles is not taken for noise") {
  const WhiteNoise white(side, side, 1);
  // 4 of noise and 18 of the pattern.
  const Image raw = micrograph(6, 2);
  const ImageStatistics noise = measure_statistics(noise_like_micrograph(raw, 1, white));
  CHECK(noise.sigma == Approx(2).epsilon(0.03));
  CHECK(noise.mean == Approx(10).margin(0.1));
  // Where there is no signal, nothing is taken away.
  const Image empty = micrograph(0, 3);
  CHECK(measure_statistics(noise_like_micrograph(empty, 1, white)).sigma ==
        Approx(2).epsilon(0.03));
  // Pixels of 6 A have no 12 A; the pattern is at 264 A.
  CHECK(measure_statistics(noise_like_micrograph(raw, 6, white)).sigma == Approx(2).epsilon(0.03));
}

TEST_CASE("noise model: hot pixels are no noise") {
  const WhiteNoise white(side, side, 1);
  Image raw = micrograph(0, 2);
  raw.at(100, 100) = 3e38f;
  raw.at(30, 200) = 40000;
  CHECK(measure_statistics(noise_like_micrograph(raw, 1, white)).sigma == Approx(2).epsilon(0.03));
}

TEST_CASE("noise model: the difference of halves has the noise and the mean of their sum") {
  const WhiteNoise white(side, side, 1);
  Image even = micrograph(6, 2);
  const Image odd = micrograph(6, 3);
  even.at(5, 6) = 40000;
  const ImageStatistics noise = measure_statistics(noise_like_difference(even, odd, white));
  CHECK(noise.sigma == Approx(std::sqrt(8.0)).epsilon(0.03));
  CHECK(noise.mean == Approx(20).margin(1));
}
