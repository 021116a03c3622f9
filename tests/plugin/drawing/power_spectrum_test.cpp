#include "plugin/drawing/power_spectrum.h"

#include "core/base/random.h"
#include "tests/support/catch.h"

#include <cmath>
#include <limits>
#include <numbers>

using namespace limpid;

namespace {

Image white_noise(std::int64_t width, std::int64_t height, double sigma, std::uint64_t stream) {
  Image image(width, height);
  RandomSequence random(9, stream);
  for (float& pixel : image.pixels())
    pixel = static_cast<float>(sigma * random.normal());
  return image;
}

Image wave(std::int64_t side, double frequency_x, double frequency_y) {
  Image image(side, side);
  for (std::int64_t y = 0; y < side; ++y)
    for (std::int64_t x = 0; x < side; ++x)
      image.at(x, y) = static_cast<float>(
          std::cos(2 * std::numbers::pi *
                   (frequency_x * static_cast<double>(x) + frequency_y * static_cast<double>(y))));
  return image;
}

}  // namespace

TEST_CASE("power spectrum: white noise is flat, at its variance times the taper's mean square") {
  const PowerSpectrum spectrum = measure_power_spectrum(white_noise(600, 500, 3, 0), nullptr, 128);
  REQUIRE(spectrum.tile_px == 128);
  REQUIRE(spectrum.ring_power.size() == 65);
  const double level = 9 * std::pow(3.0 / 8, 2);  // mean of sin^4 along each side
  for (std::size_t ring = 10; ring < spectrum.ring_power.size(); ++ring)
    CHECK(spectrum.ring_power[ring] == Approx(level).epsilon(0.15));
}

TEST_CASE("power spectrum: a wave stands where its frequency is, and at its mirror image") {
  const PowerSpectrum spectrum = measure_power_spectrum(wave(256, 0.125, -0.25), nullptr, 64);
  const double peak = spectrum.interpolated(0.125, -0.25);
  CHECK(peak > 10);
  CHECK(spectrum.interpolated(-0.125, 0.25) == Approx(peak));
  CHECK(spectrum.interpolated(0.125, 0.25) < 1e-3 * peak);
  CHECK(spectrum.interpolated(0.25, -0.125) < 1e-3 * peak);
  CHECK(spectrum.at(8, 64 - 16) == Approx(peak));
  CHECK(spectrum.at(8 - 64, -16) == Approx(peak));
  // Half way to the next index the Hann window leaves half of the way down.
  CHECK(spectrum.interpolated(0.125 + 0.5 / 64, -0.25) == Approx((peak + spectrum.at(9, -16)) / 2));
}

TEST_CASE("power spectrum: of a difference without making it") {
  const Image a = white_noise(300, 300, 2, 0), b = white_noise(300, 300, 1, 1);
  Image difference(300, 300);
  for (std::size_t i = 0; i < difference.pixels().size(); ++i)
    difference.pixels()[i] = a.pixels()[i] - b.pixels()[i];
  const PowerSpectrum expected = measure_power_spectrum(difference, nullptr, 100);
  const PowerSpectrum found = measure_power_spectrum(a, &b, 100);
  CHECK(found.ring_power == expected.ring_power);
}

TEST_CASE("power spectrum: pixels that are not finite do no harm") {
  Image image = white_noise(200, 200, 1, 0);
  image.at(50, 60) = std::numeric_limits<float>::quiet_NaN();
  image.at(0, 0) = std::numeric_limits<float>::infinity();
  for (const double power : measure_power_spectrum(image, nullptr, 64).ring_power)
    CHECK(std::isfinite(power));
  const Image nothing(40, 40, std::numeric_limits<float>::quiet_NaN());
  for (const double power : measure_power_spectrum(nothing, nullptr, 64).ring_power)
    CHECK(power == 0);
}

TEST_CASE("power spectrum: tiles shrink with the image") {
  CHECK(measure_power_spectrum(Image(1000, 700), nullptr, 512).tile_px == 350);
  CHECK(measure_power_spectrum(Image(40, 200), nullptr, 512).tile_px == 40);
  CHECK(measure_power_spectrum(Image(1, 1), nullptr, 512).ring_power.size() == 2);
}
