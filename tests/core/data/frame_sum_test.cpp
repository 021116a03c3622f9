#include "core/data/frame_sum.h"

#include "core/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/training_pairs.h"

#include <cmath>
#include <numbers>

using namespace limpid;

namespace {

// Waves that fit the image, moved by (x, y).
Image waves(std::int64_t width, std::int64_t height, double x_px, double y_px) {
  Image image(width, height);
  for (std::int64_t y = 0; y < height; ++y)
    for (std::int64_t x = 0; x < width; ++x) {
      const double along_x =
          2 * std::numbers::pi * 3 * (static_cast<double>(x) - x_px) / static_cast<double>(width);
      const double along_y =
          2 * std::numbers::pi * 2 * (static_cast<double>(y) - y_px) / static_cast<double>(height);
      image.at(x, y) = static_cast<float>(5 + std::cos(along_x + 1) + std::sin(along_y - along_x));
    }
  return image;
}

}  // namespace

TEST_CASE("frame_sum: frames that were moved come back to where they were") {
  for (const std::int64_t width : {32, 33}) {
    const Image still = waves(width, 24, 0, 0);
    FrameSum sum(width, 24, false);
    const FrameShift shifts[] = {{0, 0}, {1.25, -3.5}, {-0.6, 2}};
    for (const FrameShift& shift : shifts)
      sum.add(fourier_transform(waves(width, 24, -shift.x_px, -shift.y_px)), shift, nullptr);
    const Image result = sum.finish();
    for (std::int64_t y = 0; y < 24; ++y)
      for (std::int64_t x = 0; x < width; ++x)
        REQUIRE(result.at(x, y) == Approx(3 * still.at(x, y)).margin(1e-4));
  }
}

TEST_CASE("frame_sum: weights are those of the paper") {
  const DoseWeighting dose{.dose_per_frame_e_per_square_angstrom = 2,
                           .dose_before_e_per_square_angstrom = 1,
                           .pixel_size_angstrom = 1.5};
  const FrequencyWeights weights(dose, 4);
  // At a third of a cycle per pixel, 1 / 4.5 A: N = 0.245 (1/4.5)^-1.665 + 2.81 = 5.8072 e/A^2, and
  // exp(-11 / (2 * 5.8072)) = 0.3878.
  const auto step =
      static_cast<std::size_t>(std::lround(FrequencyWeights::steps_per_cycle_per_pixel / 3));
  CHECK(weights.values()[step] == Approx(0.3878).epsilon(1e-3));
  CHECK(weights.values()[0] == 1.0);
  DoseWeighting other = dose;
  other.voltage_kv = 200;
  CHECK(std::log(FrequencyWeights(other, 4).values()[step]) ==
        Approx(1.25 * std::log(weights.values()[step])));
  other.voltage_kv = 120;
  CHECK_THROWS_WITH(FrequencyWeights(other, 0), ContainsSubstring("120 kV"));
  other = dose;
  other.pixel_size_angstrom = 0;
  CHECK_THROWS_AS(FrequencyWeights(other, 0), Error);
}

TEST_CASE("frame_sum: white noise of weighted frames stays white") {
  const DoseWeighting dose{.dose_per_frame_e_per_square_angstrom = 5,
                           .dose_before_e_per_square_angstrom = 0,
                           .pixel_size_angstrom = 1};
  FrameSum sum(128, 128, true);
  for (int frame = 0; frame < 8; ++frame) {
    const FrequencyWeights weights(dose, frame);
    const Image noise =
        test::with_noise(Image(128, 128), 1.0f, static_cast<std::uint64_t>(frame) + 1);
    sum.add(fourier_transform(noise), {0.3 * frame, -0.2 * frame}, &weights);
  }
  const Spectrum spectrum = fourier_transform(sum.finish());
  double low = 0, high = 0;
  std::int64_t low_count = 0, high_count = 0;
  for (std::int64_t y = 0; y < spectrum.height(); ++y)
    for (std::int64_t x = 1; x < spectrum.width() - 1; ++x) {
      const double radius = std::hypot(spectrum.frequency_x(x), spectrum.frequency_y(y));
      const double power = std::norm(spectrum.at(x, y)) / (128 * 128);
      (radius < 0.2 ? low : high) += power;
      ++(radius < 0.2 ? low_count : high_count);
    }
  // One frame's noise, whatever the frequency; 5 sigma of the estimate.
  CHECK(low / static_cast<double>(low_count) == Approx(1).margin(0.12));
  CHECK(high / static_cast<double>(high_count) == Approx(1).margin(0.07));
}
