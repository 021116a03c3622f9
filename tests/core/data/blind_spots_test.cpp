#include "core/data/blind_spots.h"

#include "tests/support/catch.h"
#include "tests/support/training_pairs.h"

#include <algorithm>
#include <cmath>

using namespace limpid;
using namespace limpid::test;

namespace {

Image white_noise(std::int64_t side) {
  return with_noise(Image(side, side), 1.0f, 11);
}

// Each pixel with its right and lower neighbours: noise that reaches one pixel.
Image smeared(const Image& noise) {
  Image image = noise;
  for (std::int64_t y = 0; y + 1 < noise.height(); ++y)
    for (std::int64_t x = 0; x + 1 < noise.width(); ++x)
      image.at(x, y) += 0.6f * (noise.at(x + 1, y) + noise.at(x, y + 1));
  return image;
}

Image sum_of(Image a, const Image& b, float factor) {
  for (std::size_t i = 0; i < a.pixels().size(); ++i)
    a.pixels()[i] += factor * b.pixels()[i];
  return a;
}

}  // namespace

TEST_CASE("blind spots: the reach of noise is that of its autocorrelation, whatever the signal") {
  const Image white = white_noise(256);
  const Image signal = smooth_image(256, 256, 2);
  CHECK(measure_noise_radius_px(white) == 0);
  CHECK(measure_noise_radius_px(smeared(white)) == 1);
  CHECK(measure_noise_radius_px(smeared(smeared(smeared(white)))) == 2);
  CHECK(measure_noise_radius_px(sum_of(white, signal, 0.3f)) == 0);
  CHECK(measure_noise_radius_px(sum_of(smeared(white), signal, 0.3f)) == 1);
}

TEST_CASE("blind spots: no visible pixel shares noise with one that is learnt from") {
  constexpr std::int64_t size = 64;
  for (const std::int64_t radius : {0, 1, 2, 4}) {
    const BlindSpots spots(size, radius);
    std::vector<float> weights(size * size), again(size * size);
    // Every pixel is its own number.
    std::vector<float> numbers(size * size);
    for (std::size_t i = 0; i < numbers.size(); ++i)
      numbers[i] = static_cast<float>(i);
    std::vector<float> patch = numbers;
    spots.hide(patch, weights, 1, 7);
    double sum = 0;
    std::int64_t cores = 0;
    for (std::size_t i = 0; i < patch.size(); ++i) {
      sum += static_cast<double>(weights[i]);
      if (weights[i] == 0)
        continue;
      ++cores;
      const auto x = static_cast<std::int64_t>(i) % size, y = static_cast<std::int64_t>(i) / size;
      for (const float value : patch) {
        const auto from = static_cast<std::int64_t>(value);
        const bool is_near =
            std::abs(from % size - x) <= radius && std::abs(from / size - y) <= radius;
        if (is_near)
          FAIL("pixel " << i << " can be seen with radius " << radius);
      }
    }
    CHECK(sum / (size * size) == Approx(1));
    CHECK(cores > size * size / 100);
    const auto hidden = std::count_if(patch.begin(), patch.end(), [&, i = 0u](float value) mutable {
      return value != numbers[i++];
    });
    CHECK(hidden < size * size / 5);
    std::vector<float> same = numbers, other = numbers;
    spots.hide(same, again, 1, 7);
    CHECK(same == patch);
    CHECK(again == weights);
    spots.hide(other, again, 1, 8);
    CHECK(other != patch);
  }
}
