#include "plugin/preview/removal.h"

#include "core/base/random.h"
#include "core/image/statistics.h"
#include "tests/support/catch.h"

#include <cmath>
#include <limits>

using namespace limpid;

namespace {

Image noise(double mean, double sigma, std::uint64_t stream) {
  Image image(200, 150);
  RandomSequence random(4, stream);
  for (float& pixel : image.pixels())
    pixel = static_cast<float>(mean + sigma * random.normal());
  return image;
}

Image sum(const Image& a, const Image& b, float weight) {
  Image result = a;
  for (std::size_t i = 0; i < result.pixels().size(); ++i)
    result.pixels()[i] += weight * b.pixels()[i];
  return result;
}

}  // namespace

TEST_CASE("removal: sigmas are those of the three images") {
  const Image signal = noise(100, 2, 1), raw = sum(signal, noise(0, 5, 2), 1);
  const Removal removal = measure_removal(raw, signal);
  CHECK(removal.raw_sigma == Approx(measure_statistics(raw).sigma).epsilon(1e-6));
  CHECK(removal.denoised_sigma == Approx(measure_statistics(signal).sigma).epsilon(1e-6));
  CHECK(removal.removed_sigma ==
        Approx(measure_statistics(sum(raw, signal, -1)).sigma).epsilon(1e-6));
}

TEST_CASE("removal: independent noise does not correlate, removed signal does") {
  const Image signal = noise(0, 2, 1), raw = sum(signal, noise(0, 2, 2), 1);
  CHECK(measure_removal(raw, signal).correlation == Approx(0).margin(0.02));
  // Half of the signal is removed with the noise: 1 / sqrt(1 + 4).
  Image half(200, 150, 0.0f);
  half = sum(half, signal, 0.5f);
  CHECK(measure_removal(raw, half).correlation == Approx(0.447).margin(0.02));
}

TEST_CASE("removal: constant images and pixels that are not finite") {
  const Image flat(20, 20, 3.0f);
  CHECK(measure_removal(flat, flat).correlation == 0);
  CHECK(measure_removal(flat, flat).removed_sigma == 0);
  Image raw = noise(0, 1, 3);
  const Image denoised = noise(0, 1, 4);
  raw.at(3, 3) = std::numeric_limits<float>::quiet_NaN();
  raw.at(4, 3) = std::numeric_limits<float>::infinity();
  CHECK(measure_removal(raw, denoised).removed_sigma == Approx(std::sqrt(2.0)).epsilon(0.05));
  const Image nothing(5, 5, std::numeric_limits<float>::quiet_NaN());
  CHECK(measure_removal(nothing, nothing).raw_sigma == 0);
}
