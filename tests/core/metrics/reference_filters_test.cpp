#include "core/metrics/reference_filters.h"

#include "core/base/error.h"
#include "core/image/statistics.h"
#include "core/metrics/psnr.h"
#include "core/metrics/rings.h"
#include "tests/core/metrics/test_images.h"
#include "tests/support/catch.h"

#include <algorithm>
#include <cmath>

using namespace limpid;

namespace {

double mean_squared_error(const Image& a, const Image& b) {
  return measure_joint_moments(a, b).mean_squared_difference();
}

// White noise passed through the given gains.
Image coloured_noise(std::int64_t side, const std::vector<double>& gain, std::uint64_t stream) {
  return filter_rings(noise_image(side, side, 1, stream), gain);
}

}  // namespace

TEST_CASE("reference filters: Wiener from the truth equals S / (S + N) for known spectra") {
  // Signal amplitude 2 up to ring 40, none above; white noise of variance 4: gain 1/2, then 0.
  std::vector<double> gain(129, 0.0);
  std::fill(gain.begin(), gain.begin() + 41, 2.0);
  const Image signal = coloured_noise(256, gain, 1);
  const Image noisy = sum_of(signal, noise_image(256, 256, 2, 2));
  const Image result = radial_wiener(noisy, signal);
  const double signal_variance =
      measure_statistics(signal).sigma * measure_statistics(signal).sigma;
  // Error S N / (S + N) in the rings with signal: half of the signal's variance.
  CHECK(mean_squared_error(result, signal) == Approx(signal_variance / 2).epsilon(0.05));
  std::vector<double> expected(129, 0.0);
  std::fill(expected.begin(), expected.begin() + 41, 0.5);
  const Image ideal = filter_rings(noisy, expected);
  CHECK(mean_squared_error(result, signal) <= mean_squared_error(ideal, signal));
  CHECK(mean_squared_error(result, ideal) < 0.02 * signal_variance);
  CHECK(measure_statistics(result).mean == Approx(measure_statistics(signal).mean).margin(1e-6));
}

TEST_CASE("reference filters: Wiener from halves finds nearly the gain of Wiener from the truth") {
  const Image truth = linear_map(blob_image(300, 260, 3), 1, 20);
  const Image even = sum_of(truth, noise_image(300, 260, 2, 4));
  const Image odd = sum_of(truth, noise_image(300, 260, 2, 5));
  const std::vector<double> gain = wiener_gain_from_halves(even, odd);
  CHECK(gain.size() == 131);
  for (const double value : gain) {
    CHECK(value >= 0);
    CHECK(value <= 1);
  }
  const Image mean_image = linear_map(sum_of(even, odd), 0.5, 0);
  const double from_halves = mean_squared_error(filter_rings(mean_image, gain), truth);
  const double from_truth = mean_squared_error(radial_wiener(mean_image, truth), truth);
  CHECK(from_truth <= from_halves);
  // Smoothing over rings and the estimate of S cost little.
  CHECK(from_halves < 1.15 * from_truth);
  CHECK(from_halves < 0.1 * mean_squared_error(mean_image, truth));
}

TEST_CASE("reference filters: Wiener from halves of pure noise passes almost nothing") {
  const std::vector<double> gain =
      wiener_gain_from_halves(noise_image(256, 256, 1, 6), noise_image(256, 256, 1, 7));
  const Image noise = noise_image(256, 256, 1, 8);
  CHECK(measure_statistics(filter_rings(noise, gain)).sigma < 0.05);
}

TEST_CASE("reference filters: the best Gaussian undoes no blur and beats its neighbours") {
  const Image truth = blob_image(160, 140, 9);
  const Image noisy = sum_of(truth, noise_image(160, 140, 1.5, 10));
  const BestGaussian best = best_gaussian(noisy, truth);
  const double best_correlation = measure_joint_moments(best.image, truth).correlation();
  CHECK(best.sigma_px > 0.5);
  CHECK(best.sigma_px < 5);
  CHECK(best_correlation > measure_joint_moments(noisy, truth).correlation());
  CHECK(measure_statistics(best.image).mean == Approx(measure_statistics(noisy).mean).margin(0.01));
  // Without noise the least blur that is tried wins.
  CHECK(best_gaussian(truth, truth).sigma_px == Approx(0.4).epsilon(0.03));
}

TEST_CASE("reference filters: white noise and a Gaussian spectrum have a known best Gaussian") {
  // For amplitudes S(f) = exp(-2 pi^2 s^2 f^2) per frequency and white noise of variance v the
  // correlation of the filtered image with the signal is, up to a constant,
  // I(s^2 + t^2 / 2) / sqrt(I(s^2 + t^2) + v I(t^2)), I(u) = integral exp(-4 pi^2 u f^2) ~ 1 / u.
  const double s = 4, v = 0.02;
  const Image white = noise_image(512, 512, 1, 11);
  Spectrum spectrum = centred_transform(white, Taper::none);
  for (std::int64_t y = 0; y < spectrum.height(); ++y)
    for (std::int64_t x = 0; x < spectrum.width(); ++x) {
      const double f2 = spectrum.frequency_x(x) * spectrum.frequency_x(x) +
                        spectrum.frequency_y(y) * spectrum.frequency_y(y);
      spectrum.at(x, y) *= static_cast<float>(std::exp(-2 * 9.8696044 * s * s * f2));
    }
  const Image signal = inverse_fourier_transform(spectrum);
  double best_sigma = 0, best_value = 0;
  for (double t = 0.4; t < 20; t *= 1.005) {
    const double value = 1 / (s * s + t * t / 2) / std::sqrt(1 / (s * s + t * t) + v / (t * t));
    if (value > best_value) {
      best_value = value;
      best_sigma = t;
    }
  }
  const Image noisy = sum_of(signal, noise_image(512, 512, std::sqrt(v), 12));
  // The optimum is flat and one realisation is used.
  CHECK(best_gaussian(noisy, signal).sigma_px == Approx(best_sigma).epsilon(0.1));
}

TEST_CASE("reference filters: small and narrow images are filtered too") {
  for (const auto& [width, height] :
       {std::pair<int, int>{1, 1}, {1, 50}, {50, 1}, {2, 3}, {7, 40}}) {
    const Image truth = blob_image(width, height, 13);
    const Image noisy = sum_of(truth, noise_image(width, height, 1, 14));
    CAPTURE(width, height);
    for (const Image& result : {best_gaussian(noisy, truth).image,
                                radial_wiener(noisy, truth),
                                filter_rings(noisy, wiener_gain_from_halves(noisy, truth)),
                                constant_image(truth)}) {
      CHECK(result.width() == width);
      CHECK(result.height() == height);
      CHECK(measure_statistics(result).non_finite_count == 0);
    }
  }
}

TEST_CASE("reference filters: the constant image has the mean of the truth") {
  const Image truth = linear_map(blob_image(40, 30, 15), 1, 7);
  const Image constant = constant_image(truth);
  CHECK(constant.at(3, 4) == Approx(measure_statistics(truth).mean));
  CHECK(mean_squared_error(constant, truth) ==
        Approx(std::pow(measure_statistics(truth).sigma, 2)).epsilon(1e-6));
}

TEST_CASE("reference filters: other sizes are refused") {
  const Image a(8, 9), b(9, 8);
  CHECK_THROWS_WITH(best_gaussian(a, b), ContainsSubstring("8 x 9 and 9 x 8"));
  CHECK_THROWS_WITH(radial_wiener(a, b), ContainsSubstring("8 x 9 and 9 x 8"));
  CHECK_THROWS_WITH(wiener_gain_from_halves(a, b), ContainsSubstring("the halves"));
}
