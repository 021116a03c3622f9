#include "plugin/denoise/weighted_noise.h"

#include "core/base/random.h"
#include "core/image/radial_filter.h"
#include "core/image/statistics.h"
#include "core/noise/exposure_filter.h"
#include "tests/support/catch.h"

#include <algorithm>
#include <cmath>

using namespace limpid;

namespace {

constexpr std::int64_t side = 512;

Image white_noise() {
  Image image(side, side);
  RandomSequence random(5, 0);
  for (float& value : image.pixels())
    value = static_cast<float>(10 + random.normal());
  return image;
}

// Noise with a signal that has a fifth of its power at 10 A.
Image micrograph(double pixel_size_angstrom) {
  return radially_filtered(white_noise(), [&](double frequency) {
    const double longest = std::min(0.1 * pixel_size_angstrom / std::max(frequency, 1e-6), 5.0);
    return std::sqrt(1 + 0.2 * std::pow(longest, 3));
  });
}

Image weighted(const Image& image, double dose, double pixel_size_angstrom) {
  return radially_filtered(image, [&](double frequency) {
    return std::sqrt(weighted_noise_power(frequency / pixel_size_angstrom, dose));
  });
}

// The blur of a camera, whose noise has 1/10 of its power at the Nyquist frequency.
Image blurred(const Image& image) {
  return radially_filtered(
      image, [](double frequency) { return std::pow(0.1, 2 * frequency * frequency); });
}

double rms_difference(const Image& a, const Image& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.pixels().size(); ++i)
    sum += std::pow(static_cast<double>(a.pixels()[i] - b.pixels()[i]), 2);
  return std::sqrt(sum / static_cast<double>(a.pixel_count()));
}

}  // namespace

TEST_CASE("weighted noise: the power is the mean of the squared weights of the frames") {
  CHECK(weighted_noise_power(0, 40) == 1);
  CHECK(weighted_noise_power(0.1, 0) == 1);
  for (const double frequency : {0.02, 0.1, 0.4}) {
    double mean = 0;
    constexpr int count = 10000;
    for (int i = 0; i < count; ++i)
      mean += std::exp(-40 * (i + 0.5) / count / critical_exposure(frequency)) / count;
    CHECK(weighted_noise_power(frequency, 40) == Approx(mean).epsilon(1e-6));
  }
}

TEST_CASE("weighted noise: the dose is about that of the weights") {
  for (const double pixel_size : {0.8, 1.0, 1.4}) {
    CAPTURE(pixel_size);
    const Image image = micrograph(pixel_size);
    const auto dose = measure_weighting_dose(weighted(image, 40, pixel_size), pixel_size);
    REQUIRE(dose);
    CHECK(*dose >= 20);
    CHECK(*dose < 90);
    CHECK(measure_weighting_dose(blurred(weighted(image, 40, pixel_size)), pixel_size));
  }
}

TEST_CASE("weighted noise: that of cameras is left alone") {
  for (const double pixel_size : {0.5, 1.0, 2.0}) {
    CAPTURE(pixel_size);
    CHECK_FALSE(measure_weighting_dose(white_noise(), pixel_size));
    CHECK_FALSE(measure_weighting_dose(blurred(white_noise()), pixel_size));
    CHECK_FALSE(measure_weighting_dose(micrograph(pixel_size), pixel_size));
    CHECK_FALSE(measure_weighting_dose(blurred(micrograph(pixel_size)), pixel_size));
  }
  // Too few frequencies beyond 10 A, and nothing at all.
  CHECK_FALSE(measure_weighting_dose(weighted(white_noise(), 60, 1), 4));
  CHECK_FALSE(measure_weighting_dose(Image(64, 64, 3.0f), 1));
}

TEST_CASE("weighted noise: it is made white, and put back") {
  const Image before = weighted(white_noise(), 50, 1);
  Image image = before;
  change_weighted_noise(image, 1, 50, WeightedNoise::make_white);
  CHECK(measure_statistics(image).mean == Approx(10).margin(1e-2));
  CHECK(measure_statistics(image).sigma == Approx(1).epsilon(0.02));
  CHECK(rms_difference(image, white_noise()) < 0.1);  // but for the edges
  change_weighted_noise(image, 1, 50, WeightedNoise::put_back);
  CHECK(rms_difference(image, before) < 0.03 * measure_statistics(before).sigma);
}
