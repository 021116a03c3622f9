#include "core/image/local_variance.h"

#include "core/image/statistics.h"
#include "tests/support/catch.h"

using namespace limpid;

namespace {

// Rows that alternate between -1 and 1, on a slope across the image.
Image stripes(std::int64_t width, std::int64_t height, float slope) {
  Image image(width, height);
  for (std::int64_t y = 0; y < height; ++y)
    for (std::int64_t x = 0; x < width; ++x)
      image.at(x, y) = (y % 2 == 0 ? 1.0f : -1.0f) + slope * static_cast<float>(x);
  return image;
}

}  // namespace

TEST_CASE("local variance: details count, a slope over the image does not") {
  CHECK(measure_local_variance(stripes(640, 512, 0)) == Approx(1).epsilon(1e-6));
  const Image tilted = stripes(640, 512, 0.01f);
  const double sigma = measure_statistics(tilted).sigma;
  CHECK(sigma * sigma > 4);
  // Within a block the slope is 64 values evenly spaced by 0.01.
  CHECK(measure_local_variance(tilted) ==
        Approx(1 + 0.01 * 0.01 * (64 * 64 - 1) / 12).epsilon(1e-3));
}

TEST_CASE("local variance: the parts of an image that leave no whole block count, too") {
  CHECK(measure_local_variance(stripes(10, 8, 0)) == Approx(1).epsilon(1e-6));
  Image image(80, 64);
  for (std::int64_t y = 0; y < 64; ++y)
    for (std::int64_t x = 64; x < 80; ++x)
      image.at(x, y) = y % 2 == 0 ? 1.0f : -1.0f;
  CHECK(measure_local_variance(image) == Approx(0.5).epsilon(1e-6));
}
