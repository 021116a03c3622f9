#include "core/metrics/ring_correlation.h"

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "tests/core/metrics/test_images.h"
#include "tests/support/catch.h"

#include <cmath>

using namespace limpid;

TEST_CASE("ring correlation: an image agrees with itself at all frequencies") {
  for (const auto& [width, height] : {std::pair<int, int>{64, 64}, {61, 90}, {1, 33}, {40, 1}}) {
    const Image image = noise_image(width, height, 1, 1);
    const RingCorrelation curve = measure_ring_correlation(image, image);
    CHECK(curve.correlation.size() == static_cast<std::size_t>(Rings(width, height).count()));
    for (std::size_t k = 1; k < curve.correlation.size(); ++k)
      CHECK(curve.correlation[k] == Approx(1).epsilon(1e-9));
    const RingCorrelation inverted = measure_ring_correlation(image, linear_map(image, -2, 5));
    for (std::size_t k = 1; k < curve.correlation.size(); ++k)
      CHECK(inverted.correlation[k] == Approx(-1).epsilon(1e-6));
  }
}

TEST_CASE("ring correlation: independent noise does not correlate beyond its standard error") {
  double ring_squares = 0, ring_count = 0, band_squares = 0;
  constexpr int pair_count = 400;
  for (std::uint64_t pair = 0; pair < pair_count; ++pair) {
    const RingCorrelation curve = measure_ring_correlation(noise_image(96, 80, 1, 1000 + pair),
                                                           noise_image(96, 80, 3, 2000 + pair));
    double sum = 0, modes = 0;
    for (std::size_t k = 5; k < curve.correlation.size(); ++k) {
      ring_squares += curve.correlation[k] * curve.correlation[k] * curve.modes[k];
      ring_count += 1;
      sum += curve.correlation[k] * curve.modes[k];
      modes += curve.modes[k];
    }
    const double deviation = sum / modes / std::sqrt(taper_mode_correlation / modes);
    CHECK(std::abs(deviation) < 5);
    band_squares += deviation * deviation;
  }
  // Variances of 14000 rings and of 400 bands to five standard errors.
  CHECK(ring_squares / ring_count == Approx(2.1).epsilon(0.08));
  CHECK(band_squares / pair_count == Approx(1).margin(5 * std::sqrt(2.0 / pair_count)));
}

TEST_CASE("ring correlation: signal plus noise gives the square root of the signal fraction") {
  // White signal of variance 1, noise of variance 3: FRC with the signal = sqrt(1 / 4).
  const Image signal = noise_image(512, 512, 1, 2);
  const Image noisy = sum_of(signal, noise_image(512, 512, std::sqrt(3.0), 3));
  const RingCorrelation curve = measure_ring_correlation(noisy, signal, 2.0);
  CHECK(*band_average(curve, {100, 4.2}) == Approx(0.5).margin(0.02));
  CHECK(*finest_resolution_angstrom(curve, 0.143) == Approx(4).epsilon(0.01));
}

TEST_CASE("ring correlation: a filter of equal gain in all directions changes nothing") {
  const Image truth = blob_image(128, 128, 4);
  const Image noisy = sum_of(truth, noise_image(128, 128, 1, 5));
  // Untapered, so that filtering and comparing use the same frequencies.
  Spectrum a = centred_transform(noisy, Taper::none);
  const Spectrum b = centred_transform(truth, Taper::none);
  const RingCorrelation before = ring_correlation_of(a, b);
  std::vector<double> gain(65);
  for (std::size_t k = 0; k < gain.size(); ++k)
    gain[k] = 1.0 / static_cast<double>(1 + k);
  multiply_rings(a, gain);
  const RingCorrelation after = ring_correlation_of(a, b);
  for (std::size_t k = 1; k < 64; ++k)
    CHECK(after.correlation[k] == Approx(before.correlation[k]).margin(1e-6));
}

TEST_CASE("ring correlation: the number of threads changes no bit, transforms included") {
  const Image a = noise_image(301, 257, 1, 6);
  const Image b = noise_image(301, 257, 1, 7);
  const int threads_before = thread_count();
  set_thread_count(1);
  const RingCorrelation one = measure_ring_correlation(a, b);
  set_thread_count(7);
  const RingCorrelation seven = measure_ring_correlation(a, b);
  set_thread_count(threads_before);
  CHECK(one.correlation == seven.correlation);
}

TEST_CASE("ring correlation: bands, gains and resolution follow their definitions") {
  RingCorrelation curve;
  curve.frequency = {0, 0.01, 0.02, 0.03, 0.04, 0.05};
  curve.correlation = {0.2, 0.9, 0.8, 0.4, 0.5, 0.1};
  curve.modes = {1, 10, 20, 30, 40, 50};
  CHECK(*band_average(curve, {50, 25}) == Approx((0.8 * 20 + 0.4 * 30) / 50));
  CHECK_FALSE(band_average(curve, {15, 8}));
  // Means of three: .63, .70, .57, .33, .23 from ring 1 on.
  CHECK(*finest_resolution_angstrom(curve, 0.5) == Approx(1 / 0.03));
  CHECK(*finest_resolution_angstrom(curve, 0.143) == Approx(1 / 0.05));
  CHECK_FALSE(finest_resolution_angstrom(curve, 0.95));

  RingCorrelation better = curve;
  for (double& value : better.correlation)
    value = 0.95;
  const double before = 0.56 * 0.56 / (1 - 0.56 * 0.56);
  const double after = 0.95 * 0.95 / (1 - 0.95 * 0.95);
  CHECK(*band_gain_db(better, curve, {50, 25}) == Approx(10 * std::log10(after / before)));
  for (double& value : curve.correlation)
    value = 0.03;
  CHECK_FALSE(band_gain_db(better, curve, {50, 25}));
}

TEST_CASE("ring correlation: other sizes and impossible pixel sizes are refused") {
  CHECK_THROWS_WITH(measure_ring_correlation(Image(8, 9), Image(9, 8)),
                    ContainsSubstring("8 x 9 and 9 x 8"));
  CHECK_THROWS_WITH(measure_ring_correlation(Image(8, 8), Image(8, 8), 0),
                    ContainsSubstring("pixel size of 0 A"));
}

TEST_CASE("ring correlation: constant images give zeros, not NaN") {
  const RingCorrelation curve = measure_ring_correlation(Image(20, 20, 2), Image(20, 20, 3));
  for (const double value : curve.correlation)
    CHECK(value == 0);
}
