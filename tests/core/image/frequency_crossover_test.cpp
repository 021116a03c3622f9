#include "core/image/frequency_crossover.h"

#include "core/base/random.h"
#include "core/image/fourier.h"
#include "core/image/statistics.h"
#include "tests/support/catch.h"

#include <cmath>
#include <numbers>

using namespace limpid;

namespace {

Image random_image(std::int64_t width, std::int64_t height, std::uint64_t seed, double mean) {
  Image image(width, height);
  RandomSequence random(seed, 0);
  for (float& pixel : image.pixels())
    pixel = static_cast<float>(mean + random.normal());
  return image;
}

// Of the middle of an image: |a - b|^2 over |b|^2 in a ring of frequencies.
double difference_in_ring(const Image& a, const Image& b, double from, double to) {
  const auto windowed = [](const Image& image) {
    Image result = image;
    for (std::int64_t y = 0; y < image.height(); ++y)
      for (std::int64_t x = 0; x < image.width(); ++x) {
        const auto hann = [](std::int64_t at, std::int64_t size) {
          const double wave = std::sin(std::numbers::pi * (static_cast<double>(at) + 0.5) /
                                       static_cast<double>(size));
          return wave * wave;
        };
        result.at(x, y) *= static_cast<float>(hann(x, image.width()) * hann(y, image.height()));
      }
    return fourier_transform(result);
  };
  const Spectrum fa = windowed(a), fb = windowed(b);
  double difference = 0, power = 0;
  for (std::int64_t y = 0; y < fa.height(); ++y)
    for (std::int64_t x = 0; x < fa.width(); ++x) {
      const double frequency = std::hypot(fa.frequency_x(x), fa.frequency_y(y));
      if (frequency < from || frequency >= to)
        continue;
      difference += static_cast<double>(std::norm(fa.at(x, y) - fb.at(x, y)));
      power += static_cast<double>(std::norm(fb.at(x, y)));
    }
  return difference / power;
}

}  // namespace

TEST_CASE("frequency crossover: the weight is a raised cosine around the crossover") {
  CHECK(crossover_weight(0.05, 0.2) == 0);
  CHECK(crossover_weight(0.18, 0.2) == Approx(0).margin(1e-9));
  CHECK(crossover_weight(0.19, 0.2) == Approx(0.5 - 0.5 * std::sqrt(0.5)));
  CHECK(crossover_weight(0.2, 0.2) == Approx(0.5));
  CHECK(crossover_weight(0.22, 0.2) == Approx(1));
  CHECK(crossover_weight(0.5, 0.2) == 1);
}

TEST_CASE("frequency crossover: below it nothing changes, beyond it the other image is taken") {
  const Image low = random_image(181, 140, 1, 20);
  const Image high = random_image(181, 140, 2, 50);
  Image mixed = low;
  take_high_frequencies(mixed, high, 0.2);
  // The ends of the slope are 0.18 and 0.22; windows blur a ring or two.
  CHECK(difference_in_ring(mixed, low, 0.03, 0.17) < 1e-4);
  CHECK(difference_in_ring(mixed, high, 0.23, 0.71) < 1e-4);
  CHECK(difference_in_ring(mixed, low, 0.23, 0.71) > 0.5);
  CHECK(measure_statistics(mixed).mean == Approx(measure_statistics(low).mean).epsilon(1e-3));
}

TEST_CASE("frequency crossover: equal images stay as they are, up to their edges") {
  const Image image = random_image(40, 31, 3, 1000);
  Image mixed = image;
  take_high_frequencies(mixed, image, 0.1);
  CHECK(std::equal(mixed.pixels().begin(), mixed.pixels().end(), image.pixels().begin()));
}

TEST_CASE("frequency crossover: different levels and gradients show no edges") {
  Image flat(96, 80, 7);
  Image slope(96, 80);
  for (std::int64_t y = 0; y < 80; ++y)
    for (std::int64_t x = 0; x < 96; ++x)
      slope.at(x, y) = static_cast<float>(100 + 0.1 * static_cast<double>(x));
  take_high_frequencies(flat, slope, 0.2);
  const ImageStatistics statistics = measure_statistics(flat);
  // Reflection makes a ridge of the slope at the edges; without it the step would be 9.6.
  CHECK(statistics.minimum > 6.9f);
  CHECK(statistics.maximum < 7.1f);
}
