#include "core/noise/poisson_gaussian.h"

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/image/image.h"
#include "tests/core/noise/golden_noise.h"
#include "tests/support/catch.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <numbers>
#include <vector>

using namespace limpid;

namespace {

Image noisy_constant(float value,
                     std::int64_t side,
                     const NoiseModel& model,
                     std::uint64_t stream) {
  Image image(side, side, value);
  add_noise(image, image, model, 2024, stream);
  return image;
}

struct CentralMoments {
  double mean = 0;
  double second = 0;
  double third = 0;
  double fourth = 0;
};

CentralMoments central_moments(const Image& image) {
  CentralMoments moments;
  const double count = static_cast<double>(image.pixel_count());
  for (const float pixel : image.pixels())
    moments.mean += pixel / count;
  for (const float pixel : image.pixels()) {
    const double d = pixel - moments.mean;
    moments.second += d * d / count;
    moments.third += d * d * d / count;
    moments.fourth += d * d * d * d / count;
  }
  return moments;
}

double poisson_probability(double k, double mean) {
  return std::exp(k * std::log(mean) - mean - std::lgamma(k + 1));
}

// Pearson's chi-square of counts against the Poisson distribution, in standard deviations from its
// expectation. Neighbouring counts are pooled until 20 are expected.
double poisson_chi_square_deviation(const Image& counts, double mean) {
  const double total = static_cast<double>(counts.pixel_count());
  const auto last = static_cast<std::size_t>(mean + 12 * std::sqrt(mean) + 30);
  std::vector<double> observed(last + 1);
  for (const float count : counts.pixels())
    observed[std::min(static_cast<std::size_t>(count), last)] += 1;
  double chi_square = 0, cells = 0, pooled_observed = 0, pooled_expected = 0;
  double rest_observed = total, rest_expected = total;
  for (std::size_t k = 0; k <= last && rest_expected > 40; ++k) {
    const double expected = total * poisson_probability(static_cast<double>(k), mean);
    pooled_observed += observed[k];
    pooled_expected += expected;
    rest_observed -= observed[k];
    rest_expected -= expected;
    if (pooled_expected < 20)
      continue;
    const double difference = pooled_observed - pooled_expected;
    chi_square += difference * difference / pooled_expected;
    cells += 1;
    pooled_observed = pooled_expected = 0;
  }
  const double difference = rest_observed + pooled_observed - rest_expected - pooled_expected;
  chi_square += difference * difference / (rest_expected + pooled_expected);
  return (chi_square - cells) / std::sqrt(2 * cells);
}

double autocorrelation(const Image& image, std::int64_t dx, std::int64_t dy) {
  const CentralMoments moments = central_moments(image);
  double sum = 0, count = 0;
  for (std::int64_t y = 0; y + dy < image.height(); ++y)
    for (std::int64_t x = 0; x + dx < image.width(); ++x) {
      sum += (image.at(x, y) - moments.mean) * (image.at(x + dx, y + dy) - moments.mean);
      count += 1;
    }
  return sum / count / moments.second;
}

bool equal_bits(const Image& a, const Image& b) {
  return std::memcmp(a.pixels().data(), b.pixels().data(), a.pixels().size_bytes()) == 0;
}

}  // namespace

TEST_CASE("noise: counts have the mean, variance and third moment of the Poisson distribution") {
  std::uint64_t stream = 0;
  for (const double mean :
       {0.01, 0.1, 0.7, 1.0, 3.0, 9.9, 10.0, 11.0, 30.0, 250.0, 1e4, 1e5, 1e6}) {
    const Image counts = noisy_constant(static_cast<float>(mean), 800, {1.0f, 0.0f}, ++stream);
    const CentralMoments moments = central_moments(counts);
    const double n = static_cast<double>(counts.pixel_count());
    const double fourth = mean + 3 * mean * mean;
    const double sixth = mean + 25 * mean * mean + 15 * mean * mean * mean;
    const double third_variance = sixth - mean * mean - 6 * fourth * mean + 9 * mean * mean * mean;
    CAPTURE(mean);
    // Five standard errors.
    CHECK(std::abs(moments.mean - mean) < 5 * std::sqrt(mean / n));
    CHECK(std::abs(moments.second - mean) < 5 * std::sqrt((fourth - mean * mean) / n));
    CHECK(std::abs(moments.third - mean) < 5 * std::sqrt(third_variance / n));
  }
}

TEST_CASE("noise: the histogram of counts follows the Poisson probabilities") {
  std::uint64_t stream = 100;
  for (const double mean : {0.02, 0.5, 4.0, 9.99, 10.0, 14.0, 60.0, 1000.0}) {
    const Image counts = noisy_constant(static_cast<float>(mean), 1200, {1.0f, 0.0f}, ++stream);
    CAPTURE(mean);
    // The deviation is about standard normal; its upper tail is heavier for few cells.
    CHECK(std::abs(poisson_chi_square_deviation(counts, static_cast<float>(mean))) < 5);
  }
}

TEST_CASE("noise: rare large counts occur as often as they should") {
  // Probabilities between 1e-6 and 1e-5: a few ten of nine million pixels.
  for (const auto& [mean, threshold] : {std::pair{0.2, 5.0}, {10.0, 27.0}, {100.0, 150.0}}) {
    const Image counts = noisy_constant(static_cast<float>(mean), 3000, {1.0f, 0.0f}, 55);
    double expected = 0, observed = 0;
    for (double k = threshold; k < threshold + 100; ++k)
      expected += poisson_probability(k, mean) * static_cast<double>(counts.pixel_count());
    for (const float count : counts.pixels())
      observed += count >= static_cast<float>(threshold) ? 1 : 0;
    CAPTURE(mean, expected, observed);
    CHECK(expected > 10);
    CHECK(std::abs(observed - expected) < 5 * std::sqrt(expected));
  }
}

TEST_CASE("noise: the Gaussian part has Gaussian moments and tails") {
  const Image image = noisy_constant(3.0f, 2000, {0.0f, 2.0f}, 9);
  const CentralMoments moments = central_moments(image);
  const double n = static_cast<double>(image.pixel_count());
  CHECK(std::abs(moments.mean - 3) < 5 * 2 / std::sqrt(n));
  CHECK(std::abs(moments.second - 4) < 5 * 4 * std::sqrt(2 / n));
  CHECK(std::abs(moments.third) < 5 * 8 * std::sqrt(6 / n));
  CHECK(std::abs(moments.fourth - 48) < 5 * 16 * std::sqrt(96 / n));
  for (const double threshold : {1.0, 2.0, 3.0, 4.0, 4.5}) {
    const double expected = n * 0.5 * std::erfc(threshold / std::numbers::sqrt2);
    double above = 0, below = 0;
    for (const float pixel : image.pixels()) {
      above += pixel > 3 + 2 * threshold ? 1 : 0;
      below += pixel < 3 - 2 * threshold ? 1 : 0;
    }
    CAPTURE(threshold);
    CHECK(std::abs(above - expected) < 5 * std::sqrt(expected));
    CHECK(std::abs(below - expected) < 5 * std::sqrt(expected));
  }
}

TEST_CASE("noise: both parts add up in the units of the image") {
  const NoiseModel model{40.0f, 0.05f};
  const Image image = noisy_constant(0.6f, 1000, model, 3);
  const CentralMoments moments = central_moments(image);
  const double n = static_cast<double>(image.pixel_count());
  const double variance = 0.6 / 40 + 0.05 * 0.05;
  CHECK(std::abs(moments.mean - 0.6) < 5 * std::sqrt(variance / n));
  CHECK(std::abs(moments.second - variance) < 5 * variance * std::sqrt(2.1 / n));
}

TEST_CASE("noise: pixels are not correlated with their neighbours") {
  for (const NoiseModel& model :
       {NoiseModel{5.0f, 0.0f}, NoiseModel{30.0f, 0.0f}, NoiseModel{0.0f, 1.0f}}) {
    const Image image = noisy_constant(1.0f, 1000, model, 4);
    for (const auto& [dx, dy] : {std::pair<int, int>{1, 0}, {0, 1}, {1, 1}, {2, 0}, {4, 0}})
      CHECK(std::abs(autocorrelation(image, dx, dy)) < 5 / std::sqrt(1e6));
  }
}

TEST_CASE("noise: streams and seeds are independent and repeatable") {
  const NoiseModel model{20.0f, 0.1f};
  const Image clean(500, 400, 1.0f);
  Image first, again, other_stream, other_seed;
  add_noise(clean, first, model, 1, 1);
  add_noise(clean, again, model, 1, 1);
  add_noise(clean, other_stream, model, 1, 2);
  add_noise(clean, other_seed, model, 2, 1);
  CHECK(equal_bits(first, again));
  const double sigma_square = 1.0 / 20 + 0.01;
  for (const Image* other : {&other_stream, &other_seed}) {
    double sum = 0;
    for (std::size_t i = 0; i < first.pixels().size(); ++i)
      sum += (first.pixels()[i] - 1.0) * (other->pixels()[i] - 1.0);
    CHECK(std::abs(sum / 200000 / sigma_square) < 5 / std::sqrt(200000));
  }
}

TEST_CASE("noise: any number of threads gives the same bits") {
  Image clean(301, 211);
  for (std::size_t i = 0; i < clean.pixels().size(); ++i)
    clean.pixels()[i] = static_cast<float>(i % 97) * 0.7f;
  const int threads_before = thread_count();
  std::vector<Image> results(3);
  const std::array<int, 3> thread_counts{1, 2, 7};
  for (std::size_t i = 0; i < results.size(); ++i) {
    set_thread_count(thread_counts[i]);
    add_noise(clean, results[i], {1.0f, 0.3f}, 5, 6);
  }
  set_thread_count(threads_before);
  CHECK(equal_bits(results[0], results[1]));
  CHECK(equal_bits(results[0], results[2]));
}

TEST_CASE("noise: stored values are reproduced bit by bit") {
  for (const GoldenNoise& golden : golden_noise) {
    const float value =
        noisy_pixel(golden.clean, golden.model, golden.seed, golden.stream, golden.pixel);
    CAPTURE(golden.clean, golden.pixel, value);
    CHECK(float_bits(value) == float_bits(golden.noisy));
  }
}

TEST_CASE("noise: clean values outside the model are handled as documented") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  const NoiseModel shot{10.0f, 0.0f};
  CHECK(std::isnan(noisy_pixel(nan, shot, 1, 1, 1)));
  CHECK(noisy_pixel(infinity, shot, 1, 1, 1) == infinity);
  CHECK(noisy_pixel(-infinity, shot, 1, 1, 1) == -infinity);
  CHECK(noisy_pixel(-5.0f, shot, 1, 1, 1) == 0.0f);
  CHECK(noisy_pixel(0.0f, shot, 1, 1, 1) == 0.0f);
  CHECK(noisy_pixel(1e-42f, shot, 1, 1, 1) == 0.0f);
  CHECK(noisy_pixel(1e30f, shot, 1, 1, 1) == 1e30f);
  CHECK(noisy_pixel(3e38f, shot, 1, 1, 1) == 3e38f);
  CHECK(noisy_pixel(-7.5f, NoiseModel{}, 1, 1, 1) == -7.5f);
  // Means where the Gaussian takes over: one part in sqrt(mean), and whole numbers.
  const float large = noisy_pixel(3e6f, shot, 1, 1, 1);
  CHECK(std::abs(large - 3e6f) < 7 * std::sqrt(3e6f / 10));
}

TEST_CASE("noise: a mean beyond the rejection method still has Poisson mean and variance") {
  const Image counts = noisy_constant(1.0f, 700, {4e7f, 0.0f}, 8);
  const CentralMoments moments = central_moments(counts);
  const double n = static_cast<double>(counts.pixel_count());
  CHECK(std::abs(moments.mean - 1) < 5 * std::sqrt(1 / 4e7 / n));
  CHECK(std::abs(moments.second * 4e7 - 1) < 5 * std::sqrt(2 / n));
}

TEST_CASE("noise: a model with impossible numbers is refused") {
  const Image clean(4, 4, 1.0f);
  Image noisy;
  for (const NoiseModel& model : {NoiseModel{-1.0f, 0.0f},
                                  NoiseModel{1.0f, -0.5f},
                                  NoiseModel{std::numeric_limits<float>::quiet_NaN(), 0.0f},
                                  NoiseModel{1.0f, std::numeric_limits<float>::infinity()}})
    CHECK_THROWS_AS(add_noise(clean, noisy, model, 0, 0), Error);
  CHECK_THROWS_WITH(add_noise(clean, noisy, {-1.0f, 0.0f}, 0, 0),
                    ContainsSubstring("-1 electrons per unit"));
}
