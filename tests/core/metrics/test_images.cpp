#include "tests/core/metrics/test_images.h"

#include "core/base/random.h"

#include <cmath>
#include <numbers>

using namespace limpid;

Image noise_image(std::int64_t width, std::int64_t height, double sigma, std::uint64_t stream) {
  Image image(width, height);
  RandomSequence random(31, stream);
  for (float& pixel : image.pixels())
    pixel = static_cast<float>(sigma * random.normal());
  return image;
}

// A sum of 40 waves of 8 px and longer with random directions and phases.
Image blob_image(std::int64_t width, std::int64_t height, std::uint64_t stream) {
  Image image(width, height);
  RandomSequence random(32, stream);
  constexpr int wave_count = 40;
  for (int wave = 0; wave < wave_count; ++wave) {
    const double frequency = random.uniform(0.02, 0.125);
    const double direction = random.uniform(0, std::numbers::pi);
    const double phase = random.uniform(0, 2 * std::numbers::pi);
    for (std::int64_t y = 0; y < height; ++y)
      for (std::int64_t x = 0; x < width; ++x) {
        const double along = std::cos(direction) * static_cast<double>(x) +
                             std::sin(direction) * static_cast<double>(y);
        image.at(x, y) +=
            static_cast<float>(std::sqrt(2.0 / wave_count) *
                               std::cos(2 * std::numbers::pi * frequency * along + phase));
      }
  }
  return image;
}

Image sum_of(const Image& a, const Image& b) {
  Image sum = a;
  for (std::size_t i = 0; i < sum.pixels().size(); ++i)
    sum.pixels()[i] += b.pixels()[i];
  return sum;
}

Image linear_map(const Image& image, double factor, double offset) {
  Image result = image;
  for (float& pixel : result.pixels())
    pixel = static_cast<float>(factor * pixel + offset);
  return result;
}
