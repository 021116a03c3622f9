#include "core/simulate/detector.h"

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "tests/core/simulate/statistics.h"
#include "tests/support/catch.h"

#include <cmath>

using namespace limpid;

namespace {

constexpr std::int64_t size = 256;
constexpr double pixels = size * size;

Image record(const DetectorSettings& settings,
             float electrons,
             std::uint64_t stream,
             int frames = 1) {
  const Detector detector(settings, size, size);
  return detector.record(Image(size, size, electrons), 0, 0, frames, 3, stream << 20);
}

// The mean of n exponentially distributed powers is known to 1 / sqrt(n): five times that.
void check_ring(const Image& image, double low, double high, double expected) {
  const Spectrum spectrum = fourier_transform(image);
  const RingSums ring = ring_of(spectrum, spectrum, low, high);
  CHECK(ring.power_a == Approx(expected).epsilon(5 / std::sqrt(ring.count)));
}

}  // namespace

TEST_CASE("detector: a counting camera counts as Poisson says, with white noise") {
  DetectorSettings settings = detector_preset("k2");
  settings.detected_fraction = 0.8;
  const Image image = record(settings, 25, 1);
  CHECK(mean_of(image) == Approx(20).margin(5 * std::sqrt(20 / pixels)));
  // Five standard errors of a variance.
  CHECK(variance_of(image) / 20 == Approx(1).margin(5 * std::sqrt(2 / pixels)));
  for (const double low : {0.02, 0.15, 0.3, 0.45})
    check_ring(image, low, low + 0.05, 20);
}

TEST_CASE("detector: counts are whole and exposures are independent") {
  const DetectorSettings settings = detector_preset("falcon4");
  const Image a = record(settings, 3, 1);
  const Image b = record(settings, 3, 2);
  for (float value : a.pixels())
    REQUIRE(value == std::floor(value));
  CHECK(std::abs(covariance_of(a, b)) < 5 * 3 / std::sqrt(pixels));
}

TEST_CASE("detector: an integrating camera adds the spread of energies and blurs the noise") {
  DetectorSettings settings;
  settings.kind = DetectorKind::integrating;
  settings.mtf = Mtf(0.7, 0.35);
  settings.detected_fraction = 1;
  settings.noise_blur = 0.6;
  settings.deposit_relative_variance = 0.5;
  settings.read_noise_electrons = 0;
  const Image image = record(settings, 30, 1);
  CHECK(mean_of(image) == Approx(30).margin(5 * std::sqrt(45 / pixels)));
  for (const double frequency : {0.03, 0.1, 0.2, 0.3, 0.4}) {
    CAPTURE(frequency);
    const double expected = 30 * (1 + 0.5) * std::pow(settings.mtf(frequency), 2 * 0.6);
    check_ring(image, frequency - 0.01, frequency + 0.01, expected);
  }
  // What is applied before and after detection is the MTF in all.
  const Detector detector(settings, size, size);
  CHECK(detector.blur_before(0.25) * std::pow(0.7, 0.6) == Approx(detector.blur_in_all(0.25)));
}

TEST_CASE("detector: read noise adds for each frame") {
  DetectorSettings settings;
  settings.kind = DetectorKind::integrating;
  settings.noise_blur = 0;
  settings.detected_fraction = 1;
  settings.read_noise_electrons = 0.7;
  const double quiet = variance_of(record(settings, 5, 1, 1));
  const double loud = variance_of(record(settings, 5, 1, 21));
  CHECK(loud - quiet == Approx(20 * 0.49).epsilon(0.05));
}

TEST_CASE("detector: the gain error is a pattern of the camera, not of the exposure") {
  DetectorSettings settings;
  settings.gain_error = 0.02;
  settings.camera_seed = 77;
  const Image a = record(settings, 10000, 1);
  const Image b = record(settings, 10000, 2);
  const double expected = std::pow(0.02 * 8800, 2);
  CHECK(covariance_of(a, b) == Approx(expected).epsilon(0.06));
  settings.camera_seed = 78;
  const Image other = record(settings, 10000, 2);
  CHECK(std::abs(covariance_of(a, other)) < 0.1 * expected);
}

TEST_CASE("detector: hot pixels are few, bright and at fixed places") {
  DetectorSettings settings;
  settings.hot_pixels_per_megapixel = 200;
  settings.hot_pixel_electrons_per_frame = 50;
  const Image a = record(settings, 5, 1, 4);
  const Image b = record(settings, 5, 2, 4);
  int hot = 0;
  for (std::int64_t i = 0; i < a.pixel_count(); ++i) {
    const auto p = static_cast<std::size_t>(i);
    if (a.pixels()[p] > 100) {
      ++hot;
      CHECK(b.pixels()[p] > 100);
    }
  }
  // 200 a megapixel are 13 here; two may fall on the same place.
  CHECK(hot >= 11);
  CHECK(hot <= 13);
}

TEST_CASE("detector: the image is cut out of the plane and scaled") {
  DetectorSettings settings;
  settings.adu_per_electron = 10;
  settings.detected_fraction = 1;
  const Detector detector(settings, 16, 16);
  Image plane(40, 40, 0.0f);
  for (std::int64_t y = 8; y < 24; ++y)
    for (std::int64_t x = 5; x < 21; ++x)
      plane.at(x, y) = 1e6f;
  const Image image = detector.record(plane, 5, 8, 1, 1, 1);
  for (float value : image.pixels())
    CHECK(value == Approx(1e7).epsilon(0.01));
  CHECK(detector.response() == 10);
  CHECK_THROWS_AS(detector.record(plane, 30, 0, 1, 1, 1), Error);
}

TEST_CASE("detector: the number of threads does not change a bit") {
  for (const auto name : detector_preset_names()) {
    DetectorSettings settings = detector_preset(name);
    settings.gain_error = 0.01;
    settings.hot_pixels_per_megapixel = 100;
    set_thread_count(1);
    const Image one = record(settings, 8, 5, 3);
    set_thread_count(3);
    const Image three = record(settings, 8, 5, 3);
    set_thread_count(0);
    CHECK(std::equal(one.pixels().begin(), one.pixels().end(), three.pixels().begin()));
  }
}

TEST_CASE("detector: unknown names and settings without meaning are refused") {
  CHECK_THROWS_WITH(detector_preset("k9"), ContainsSubstring("'k9' is not known; these are: k2"));
  DetectorSettings settings;
  settings.detected_fraction = 1.5;
  CHECK_THROWS_WITH(Detector(settings, 16, 16),
                    ContainsSubstring("detected fraction cannot be 1.5"));
  settings = {};
  settings.noise_blur = -1;
  CHECK_THROWS_AS(Detector(settings, 16, 16), Error);
}
