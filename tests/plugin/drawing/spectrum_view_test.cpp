#include "plugin/drawing/spectrum_view.h"

#include "tests/support/catch.h"

#include <cmath>
#include <cstdlib>

using namespace limpid;

namespace {

// A spectrum of given power over radius (in indices), as if measured.
template <class Power>
PowerSpectrum spectrum_of(std::int64_t tile_px, const Power& power) {
  PowerSpectrum spectrum;
  spectrum.tile_px = tile_px;
  spectrum.power = Image(tile_px / 2 + 1, tile_px);
  for (std::int64_t y = 0; y < tile_px; ++y)
    for (std::int64_t x = 0; x <= tile_px / 2; ++x) {
      const auto row = static_cast<double>(2 * y > tile_px ? y - tile_px : y);
      spectrum.power.at(x, y) = static_cast<float>(power(static_cast<double>(x), row));
    }
  for (std::int64_t ring = 0; ring <= tile_px / 2; ++ring)
    spectrum.ring_power.push_back(power(static_cast<double>(ring), 0.0));
  return spectrum;
}

}  // namespace

TEST_CASE("spectrum view: a smooth power law is flat against its own background") {
  const auto law = [](double x, double y) { return 1e6 * std::exp(-std::hypot(x, y) / 40); };
  const PowerSpectrum spectrum = spectrum_of(256, law);
  const Image picture = spectrum_picture(spectrum, SpectrumBackground(spectrum), 0.5, 200);
  REQUIRE(picture.width() == 200);
  // Inside the largest ring and outside of the centre, where the background is continued.
  for (const std::int64_t x : {30, 60, 140, 170})
    CHECK(picture.at(x, 100) == Approx(0).margin(0.03));
}

TEST_CASE("spectrum view: rings stay in the picture") {
  const auto rings = [](double x, double y) {
    return 5 * std::exp(0.4 * std::cos(std::hypot(x, y) * 0.785398));  // one in 8 indices
  };
  const PowerSpectrum spectrum = spectrum_of(512, rings);
  const Image picture = spectrum_picture(spectrum, SpectrumBackground(spectrum), 0.5, 512);
  // Column 256 + k shows frequency index k + 0.5; maxima at multiples of 8.
  CHECK(picture.at(256 + 80, 256) > 0.2);
  CHECK(picture.at(256 + 84, 256) < -0.2);
  CHECK(picture.at(256 + 88, 256) > 0.2);
}

TEST_CASE("spectrum view: positive vertical frequencies are in the upper rows") {
  const auto dot = [](double x, double y) { return x == 10 && y == 20 ? 1e6 : 1.0; };
  PowerSpectrum spectrum = spectrum_of(64, dot);
  const Image picture = spectrum_picture(spectrum, SpectrumBackground(spectrum), 0.5, 64);
  CHECK(picture.at(32 + 10, 32 + 20) > 5);
  CHECK(picture.at(31 - 10, 31 - 20) > 5);  // its mirror image
  CHECK(picture.at(32 + 10, 31 - 20) < 1);
}

TEST_CASE("spectrum view: the sides are at the highest frequency asked for") {
  const auto ring = [](double x, double y) {
    return std::abs(std::hypot(x, y) - 32) < 1.5 ? 1e4 : 1.0;
  };
  const PowerSpectrum spectrum = spectrum_of(256, ring);
  const Image picture = spectrum_picture(spectrum, SpectrumBackground(spectrum), 0.25, 256);
  // Index 32 of 256 is at 0.125, half way to the side at 0.25.
  CHECK(picture.at(128 + 64, 128) > 3);
  CHECK(picture.at(128 + 50, 128) < 0);
}

TEST_CASE("spectrum view: no power at all is drawn without a fault") {
  const PowerSpectrum spectrum = spectrum_of(2, [](double, double) { return 0.0; });
  const Image picture = spectrum_picture(spectrum, SpectrumBackground(spectrum), 0.5, 10);
  CHECK(std::isfinite(picture.at(5, 5)));
}
