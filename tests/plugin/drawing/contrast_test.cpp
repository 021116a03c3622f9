#include "plugin/drawing/contrast.h"

#include "core/base/random.h"
#include "tests/support/catch.h"

#include <cstdlib>
#include <limits>
#include <set>

using namespace limpid;

namespace {

Image ramp(float low, float high) {
  Image image(1000, 1);
  for (std::int64_t x = 0; x < 1000; ++x)
    image.at(x, 0) = low + (high - low) * static_cast<float>(x) / 999;
  return image;
}

GreyWindow window_of(const Image& image) {
  const Image* const images[] = {&image};
  return measure_window(images);
}

}  // namespace

TEST_CASE("contrast: a window maps its ends to black and white") {
  const GreyWindow window{10, 20};
  CHECK(window.grey(10) == 0);
  CHECK(window.grey(20) == 255);
  CHECK(window.grey(15) == 128);
  CHECK(window.grey(12) == 51);
  CHECK(window.grey(-1e30f) == 0);
  CHECK(window.grey(std::numeric_limits<float>::infinity()) == 255);
  CHECK(window.grey(std::numeric_limits<float>::quiet_NaN()) == 0);
}

TEST_CASE("contrast: a constant image is grey") {
  const GreyWindow window = window_of(Image(4, 4, 7.0f));
  CHECK(window.grey(7) == 128);
}

TEST_CASE("contrast: outliers do not widen the window") {
  Image image = ramp(0, 1);
  image.at(500, 0) = 1e6f;
  image.at(501, 0) = -1e6f;
  image.at(502, 0) = std::numeric_limits<float>::quiet_NaN();
  const GreyWindow window = window_of(image);
  CHECK(window.low == Approx(0.004).margin(0.003));
  CHECK(window.high == Approx(0.996).margin(0.003));
}

TEST_CASE("contrast: images measured together share one window") {
  const Image dark = ramp(0, 1), bright = ramp(4, 5);
  const Image* const images[] = {&dark, &bright};
  const GreyWindow window = measure_window(images);
  CHECK(window.low == Approx(0.008).margin(0.003));
  CHECK(window.high == Approx(4.992).margin(0.003));
}

TEST_CASE("contrast: an image without a finite pixel is drawn black") {
  const Image image(3, 3, std::numeric_limits<float>::quiet_NaN());
  CHECK(to_grey(image, window_of(image)).at(1, 1) == 0);
}

TEST_CASE("contrast: row 0 of an image is the bottom row of the picture") {
  Image image(2, 3);
  image.at(0, 0) = 1;
  image.at(1, 2) = 0.5f;
  const GreyImage grey = to_grey(image, {0, 1});
  CHECK(grey.at(0, 2) == 255);
  CHECK(grey.at(1, 0) == 128);
  CHECK(grey.at(0, 0) == 0);
}

TEST_CASE("contrast: noise is shown in few greys, what is smooth in all") {
  GreyImage noise{.width = 64, .height = 64, .pixels = {}}, smooth = noise;
  for (int i = 0; i < 64 * 64; ++i) {
    noise.pixels.push_back(static_cast<std::uint8_t>(i * 7919 % 256));
    smooth.pixels.push_back(static_cast<std::uint8_t>(i % 64 * 4));
  }
  const GreyImage noise_before = noise, smooth_before = smooth;
  round_greys_of_noise(noise);
  round_greys_of_noise(smooth);
  CHECK(smooth.pixels == smooth_before.pixels);
  CHECK(std::set<std::uint8_t>(noise.pixels.begin(), noise.pixels.end()).size() == 16);
  for (std::size_t i = 0; i < noise.pixels.size(); ++i)
    CHECK(std::abs(noise.pixels[i] - noise_before.pixels[i]) <= 8);
}
