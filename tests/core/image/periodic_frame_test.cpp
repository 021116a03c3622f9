#include "core/image/periodic_frame.h"

#include "core/image/fourier.h"
#include "tests/support/catch.h"

#include <algorithm>
#include <cmath>

using namespace limpid;

namespace {

Image ramp(std::int64_t width, std::int64_t height) {
  Image image(width, height);
  for (std::int64_t y = 0; y < height; ++y)
    for (std::int64_t x = 0; x < width; ++x)
      image.at(x, y) = static_cast<float>(x + 2 * y);
  return image;
}

}  // namespace

TEST_CASE("periodic frame: what is inside stays") {
  for (const auto& [width, height] :
       {std::pair<std::int64_t, std::int64_t>{31, 50}, {1, 7}, {2, 3}}) {
    const Image image = ramp(width, height);
    const PeriodicFrame frame(width, height, 20);
    CHECK(frame.width() >= width + 40);
    CHECK(frame.height() >= height + 40);
    const Image back = frame.remove(frame.add(image));
    CHECK(std::equal(back.pixels().begin(), back.pixels().end(), image.pixels().begin()));
  }
}

TEST_CASE("periodic frame: opposite edges of the framed image meet without a step") {
  const Image image = ramp(64, 48);  // its edges differ by 63 and by 94
  const PeriodicFrame frame(64, 48, 24);
  const Image framed = frame.add(image);
  float steepest = 0;
  for (std::int64_t y = 0; y < framed.height(); ++y)
    for (std::int64_t x = 0; x < framed.width(); ++x) {
      const std::int64_t right = (x + 1) % framed.width();
      const std::int64_t above = (y + 1) % framed.height();
      steepest = std::max({steepest,
                           std::abs(framed.at(right, y) - framed.at(x, y)),
                           std::abs(framed.at(x, above) - framed.at(x, y))});
    }
  CHECK(steepest < 5);
}

TEST_CASE("periodic frame: framed sizes have a fast transform") {
  CHECK(fast_fourier_size(1) == 1);
  CHECK(fast_fourier_size(97) == 98);
  CHECK(fast_fourier_size(7484) == 7500);
  const PeriodicFrame frame(7420, 7676, 32);
  CHECK(frame.width() == fast_fourier_size(7484));
  CHECK(frame.height() == fast_fourier_size(7740));
}
