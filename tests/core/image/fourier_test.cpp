#include "core/image/fourier.h"

#include "core/base/random.h"
#include "tests/support/catch.h"

#include <cmath>
#include <numbers>

using namespace limpid;

namespace {

Image random_image(std::int64_t width, std::int64_t height) {
  Image image(width, height);
  RandomSequence random(11, 0);
  for (float& pixel : image.pixels())
    pixel = static_cast<float>(random.normal());
  return image;
}

}  // namespace

TEST_CASE("fourier: the transform of a small image equals the defining sum") {
  const Image image = random_image(7, 6);
  const Spectrum spectrum = fourier_transform(image);
  CHECK(spectrum.width() == 4);
  for (std::int64_t ky = 0; ky < spectrum.height(); ++ky)
    for (std::int64_t kx = 0; kx < spectrum.width(); ++kx) {
      std::complex<double> sum = 0;
      for (std::int64_t y = 0; y < image.height(); ++y)
        for (std::int64_t x = 0; x < image.width(); ++x)
          sum += static_cast<double>(image.at(x, y)) *
                 std::polar(1.0,
                            -2 * std::numbers::pi *
                                (spectrum.frequency_x(kx) * static_cast<double>(x) +
                                 spectrum.frequency_y(ky) * static_cast<double>(y)));
      CHECK(std::abs(sum - std::complex<double>(spectrum.at(kx, ky))) < 1e-4);
    }
}

TEST_CASE("fourier: the inverse gives the image back for even, odd and prime sizes") {
  for (const auto& [width, height] : {std::pair<int, int>{64, 48}, {53, 101}, {1, 9}, {8, 1}}) {
    const Image image = random_image(width, height);
    const Image back = inverse_fourier_transform(fourier_transform(image));
    float largest = 0;
    for (std::int64_t i = 0; i < image.pixel_count(); ++i)
      largest = std::max(largest,
                         std::abs(image.pixels()[static_cast<std::size_t>(i)] -
                                  back.pixels()[static_cast<std::size_t>(i)]));
    CHECK(largest < 1e-5f);
  }
}
