#include "core/image/fourier_resample.h"

#include "core/base/random.h"
#include "tests/support/catch.h"

#include <cmath>
#include <numbers>

using namespace limpid;

namespace {

Image random_image(std::int64_t width, std::int64_t height) {
  Image image(width, height);
  RandomSequence random(12, 0);
  for (float& pixel : image.pixels())
    pixel = static_cast<float>(3 + random.normal());
  return image;
}

Image resampled(const Image& image, std::int64_t width, std::int64_t height) {
  return inverse_fourier_transform(resample_spectrum(fourier_transform(image), width, height));
}

// A picture of few waves, at any point of the unit square.
double picture(double x, double y) {
  constexpr double turn = 2 * std::numbers::pi;
  return 5 + std::cos(turn * (2 * x + y) + 0.3) + 0.5 * std::sin(turn * (x - 3 * y)) +
         0.25 * std::cos(turn * 4 * y);
}

Image picture_on_grid(std::int64_t width, std::int64_t height) {
  Image image(width, height);
  for (std::int64_t y = 0; y < height; ++y)
    for (std::int64_t x = 0; x < width; ++x)
      image.at(x, y) =
          static_cast<float>(picture(static_cast<double>(x) / static_cast<double>(width),
                                     static_cast<double>(y) / static_cast<double>(height)));
  return image;
}

double largest_difference(const Image& a, const Image& b) {
  REQUIRE(a.width() == b.width());
  REQUIRE(a.height() == b.height());
  double largest = 0;
  for (std::int64_t y = 0; y < a.height(); ++y)
    for (std::int64_t x = 0; x < a.width(); ++x)
      largest = std::max(largest, std::abs(static_cast<double>(a.at(x, y) - b.at(x, y))));
  return largest;
}

constexpr double rounding = 2e-5;

}  // namespace

TEST_CASE("fourier resample: a picture that both grids can hold is the same on both") {
  const std::int64_t sizes[][2] = {{16, 18}, {17, 19}, {33, 24}, {40, 31}, {10, 100}, {16, 31}};
  for (const auto& from : sizes)
    for (const auto& to : sizes) {
      CAPTURE(from[0], from[1], to[0], to[1]);
      CHECK(largest_difference(resampled(picture_on_grid(from[0], from[1]), to[0], to[1]),
                               picture_on_grid(to[0], to[1])) < rounding);
    }
}

TEST_CASE(
    "fourier resample: to a finer grid and back gives the image back, the last frequency too") {
  const std::int64_t sizes[][4] = {
      {14, 12, 21, 30}, {15, 13, 16, 14}, {14, 13, 15, 13}, {13, 14, 13, 28}, {1, 6, 2, 7}};
  for (const auto& s : sizes) {
    CAPTURE(s[0], s[1], s[2], s[3]);
    const Image image = random_image(s[0], s[1]);
    CHECK(largest_difference(resampled(resampled(image, s[2], s[3]), s[0], s[1]), image) <
          rounding);
  }
}

TEST_CASE("fourier resample: the mean stays on any grid") {
  const Image image = random_image(45, 32);
  for (const auto& [width, height] : {std::pair{22, 17}, {90, 64}, {7, 40}})
    CHECK(fourier_transform(resampled(image, width, height)).at(0, 0).real() /
              static_cast<float>(width * height) ==
          Approx(fourier_transform(image).at(0, 0).real() / 1440.0f).epsilon(1e-5));
}

TEST_CASE("fourier resample: a single pixel stays where it is, with equal flanks") {
  for (const auto& [coarse, fine] : {std::pair<std::int64_t, std::int64_t>{20, 30}, {21, 35}}) {
    CAPTURE(coarse, fine);
    // The pixels 10 of 20 and 15 of 30 are the same place; likewise 12 of 21 and 20 of 35.
    const std::int64_t at_coarse = coarse == 20 ? 10 : 12;
    const std::int64_t at_fine = coarse == 20 ? 15 : 20;
    const auto check_peak = [](const Image& image, std::int64_t at) {
      for (std::int64_t distance = 1; distance < 6; ++distance) {
        CHECK(image.at(at, at) > image.at(at + distance, at));
        CHECK(image.at(at + distance, at) == Approx(image.at(at - distance, at)).margin(1e-6));
        CHECK(image.at(at, at + distance) == Approx(image.at(at, at - distance)).margin(1e-6));
      }
    };
    Image delta(coarse, coarse);
    delta.at(at_coarse, at_coarse) = 1;
    check_peak(resampled(delta, fine, fine), at_fine);
    delta = Image(fine, fine);
    delta.at(at_fine, at_fine) = 1;
    check_peak(resampled(delta, coarse, coarse), at_coarse);
  }
}
