#include "core/metrics/half_metrics.h"

#include "core/base/error.h"
#include "core/metrics/psnr.h"
#include "core/metrics/reference_filters.h"
#include "tests/core/metrics/test_images.h"
#include "tests/support/catch.h"

#include <algorithm>
#include <cmath>

using namespace limpid;

namespace {

constexpr std::int64_t side = 400;
constexpr double noise_sigma = 2;

struct Halves {
  Image truth = blob_image(side, side, 1);
  Image even = sum_of(truth, noise_image(side, side, noise_sigma, 1));
  Image odd = sum_of(truth, noise_image(side, side, noise_sigma, 2));
};

double true_mse(const Image& image, const Image& truth) {
  return measure_joint_moments(image, truth).difference_variance;
}

// A filter that keeps the rings of the blobs (8 px and longer) at a gain below 1: biased, and some
// noise stays.
std::vector<double> low_pass(double gain) {
  std::vector<double> gains(side / 2 + 1, 0.0);
  std::fill(gains.begin(), gains.begin() + 56, gain);
  return gains;
}

}  // namespace

TEST_CASE("half metrics: signal, noise and SNR of raw halves are those of the simulation") {
  const Halves halves;
  const double signal = measure_joint_moments(halves.truth, halves.truth).variance_a;
  const RawHalfMetrics raw = measure_raw_halves({halves.even, halves.odd}, 1.5);
  // Standard error of the covariance: about (signal + noise) / sqrt(pixels) = 5 / 400.
  CHECK(raw.signal_variance == Approx(signal).margin(5 * 5.0 / 400));
  CHECK(raw.noise_variance_even == Approx(4).margin(5 * 7.0 / 400));
  CHECK(raw.noise_variance_odd == Approx(4).margin(5 * 7.0 / 400));
  CHECK(raw.snr_half == Approx(signal / 4).epsilon(0.1));
  CHECK(raw.snr_full == 2 * raw.snr_half);
  CHECK(std::abs(raw.independence.correlation) < 5 * raw.independence.standard_error);
  CHECK(raw.independence.standard_error < 0.01);
}

TEST_CASE("half metrics: the standard error is what chance does, for white and coloured noise") {
  constexpr std::int64_t small = 128;
  const Image truth = blob_image(small, small, 1);
  for (const bool is_white : {true, false}) {
    std::vector<double> gain(small / 2 + 1, is_white ? 1.0 : 0.2);
    std::fill(gain.begin(), gain.begin() + 12, 1.0);
    double sum = 0, squares = 0, expected = 0;
    constexpr int repetitions = 40;
    for (int i = 0; i < repetitions; ++i) {
      const auto noise = [&](int stream) {
        const Image white =
            noise_image(small, small, 3, static_cast<std::uint64_t>(100 + 2 * i + stream));
        return filter_rings(white, gain);
      };
      const Image even = sum_of(truth, noise(0));
      const Image odd = sum_of(truth, noise(1));
      const RawHalfMetrics raw = measure_raw_halves({even, odd}, 1);
      sum += raw.snr_full;
      squares += raw.snr_full * raw.snr_full;
      expected += raw.snr_full_standard_error / repetitions;
    }
    const double mean = sum / repetitions;
    const double found = std::sqrt(squares / repetitions - mean * mean);
    // Of forty, a standard deviation is known to 11 %.
    CHECK(expected == Approx(found).epsilon(0.4));
  }
}

TEST_CASE("half metrics: a pattern that both halves share is found in the outer rings") {
  const Halves halves;
  const Image pattern = noise_image(side, side, 0.5, 3);
  const Image even = sum_of(halves.even, pattern);
  const Image odd = sum_of(halves.odd, pattern);
  const HalfIndependence independence = measure_raw_halves({even, odd}, 1).independence;
  CHECK(independence.correlation == Approx(0.25 / 4.25).margin(5 * independence.standard_error));
  CHECK(independence.correlation > 5 * independence.standard_error);
}

TEST_CASE("half metrics: what coarse pixels show of the matter is no pattern of the halves") {
  const Halves halves;
  const auto independence_at = [&](double pixel_size_angstrom) {
    return measure_raw_halves({halves.even, halves.odd}, pixel_size_angstrom).independence;
  };
  CHECK(std::isfinite(independence_at(1.8).standard_error));
  CHECK(std::isfinite(independence_at(2.2).standard_error));
  CHECK(independence_at(2.2).standard_error > 1.5 * independence_at(1.8).standard_error);
  CHECK(std::isinf(independence_at(2.3).standard_error));
}

TEST_CASE("half metrics: the unbiased errors of a filter agree with the truth") {
  const Halves halves;
  for (const double gain : {1.0, 0.7}) {
    const Image denoised_even = filter_rings(halves.even, low_pass(gain));
    const Image denoised_odd = filter_rings(halves.odd, low_pass(gain));
    const DenoisedHalfMetrics metrics =
        measure_denoised_halves({halves.even, halves.odd}, {denoised_even, denoised_odd}, 1);
    const double signal = measure_joint_moments(halves.truth, halves.truth).variance_a;
    const double error =
        0.5 * (true_mse(denoised_even, halves.truth) + true_mse(denoised_odd, halves.truth));
    const double bias = true_mse(filter_rings(halves.truth, low_pass(gain)), halves.truth);
    const Image average = linear_map(sum_of(denoised_even, denoised_odd), 0.5, 0);
    CAPTURE(gain);
    // Noise of variance 4 times residual of variance below 0.7, averaged over two times 160000
    // pixels: standard error below 0.004 for each covariance, of which a few add up.
    CHECK(metrics.mse == Approx(error).margin(0.05));
    CHECK(metrics.mse_of_average == Approx(true_mse(average, halves.truth)).margin(0.05));
    CHECK(metrics.bias_variance == Approx(bias).margin(0.05));
    CHECK(metrics.bias_fraction == Approx(bias / signal).margin(0.05));
    CHECK(metrics.snr_half == Approx(signal / error).epsilon(0.2));
    // Left noise: 4 gain^2 times the fraction of frequencies kept.
    const double kept = 3.14159265 * 55.5 * 55.5 / (side * side);
    CHECK(metrics.noise_variance == Approx(4 * gain * gain * kept).epsilon(0.05));
    // The scale that undoes the gain leaves no bias.
    CHECK(metrics.fitted_scale == Approx(1 / gain).epsilon(0.03));
    CHECK(std::abs(metrics.fitted_bias_fraction) < 0.03);
  }
}

TEST_CASE("half metrics: a linear filter keeps below the bound, the truth reaches it") {
  const Halves halves;
  const Image denoised_even = filter_rings(halves.even, low_pass(1));
  const Image denoised_odd = filter_rings(halves.odd, low_pass(1));
  const DenoisedHalfMetrics linear =
      measure_denoised_halves({halves.even, halves.odd}, {denoised_even, denoised_odd}, 1);
  CHECK(linear.bounded.largest_excess() < 0.02);

  // Signal and noise of equal power at all frequencies: FRC(D_e, R_o) = sqrt(1 / 2).
  const Image truth = noise_image(side, side, 2, 7);
  const Image even = sum_of(truth, noise_image(side, side, noise_sigma, 8));
  const Image odd = sum_of(truth, noise_image(side, side, noise_sigma, 9));
  const DenoisedHalfMetrics perfect = measure_denoised_halves({even, odd}, {truth, truth}, 2);
  CHECK(perfect.mse == Approx(0).margin(0.1));
  CHECK(perfect.bias_fraction == Approx(0).margin(0.03));
  REQUIRE(perfect.bounded.correlation.size() == 20);
  CHECK(perfect.bounded.frequency.back() == Approx(0.5 * 0.975 / 2).epsilon(0.01));
  for (std::size_t i = 0; i < 20; ++i) {
    CHECK(std::abs(perfect.bounded.correlation[i] - std::sqrt(0.5)) <
          5 * perfect.bounded.standard_error[i]);
    CHECK(std::abs(perfect.bounded.bound[i] - std::sqrt(0.5)) <
          8 * perfect.bounded.standard_error[i]);
  }
  CHECK(perfect.bounded.largest_excess() < 0.05);
  for (std::size_t k = 1; k < perfect.frc_with_denoised.correlation.size(); ++k)
    CHECK(perfect.frc_with_denoised.correlation[k] == Approx(1).epsilon(1e-9));
}

TEST_CASE("half metrics: a denoiser that saw the other half exceeds the bound") {
  const Halves halves;
  const Image both = sum_of(halves.even, halves.odd);
  const DenoisedHalfMetrics cheating =
      measure_denoised_halves({halves.even, halves.odd}, {both, both}, 1);
  CHECK(cheating.bounded.largest_excess() > 0.3);
}

TEST_CASE("half metrics: invented structure counts as bias, however well it repeats") {
  const Halves halves;
  const Image invented = blob_image(side, side, 99);
  const DenoisedHalfMetrics metrics =
      measure_denoised_halves({halves.even, halves.odd}, {invented, invented}, 1);
  const double signal = measure_joint_moments(halves.truth, halves.truth).variance_a;
  const double distance = true_mse(invented, halves.truth);
  CHECK(metrics.bias_fraction == Approx(distance / signal).epsilon(0.05));
  CHECK(metrics.noise_variance == Approx(0).margin(1e-6));
  CHECK(metrics.snr_half == Approx(signal / distance).epsilon(0.05));
}

TEST_CASE("half metrics: returning the input is no denoising") {
  const Halves halves;
  const HalfPair raw{halves.even, halves.odd};
  const DenoisedHalfMetrics metrics = measure_denoised_halves(raw, raw, 1);
  const RawHalfMetrics before = measure_raw_halves(raw, 1);
  CHECK(metrics.snr_half == Approx(before.snr_half).epsilon(1e-3));
  CHECK(metrics.snr_of_average == Approx(before.snr_full).epsilon(1e-3));
  CHECK(metrics.bias_variance == Approx(0).margin(1e-6));
}

TEST_CASE("half metrics: small images, equal halves and other sizes") {
  for (const auto& [width, height] : {std::pair<int, int>{1, 1}, {1, 30}, {5, 3}}) {
    const Image even = noise_image(width, height, 1, 4);
    const Image odd = noise_image(width, height, 1, 5);
    CHECK_NOTHROW(measure_raw_halves({even, odd}, 1));
    CHECK_NOTHROW(measure_denoised_halves({even, odd}, {odd, even}, 1));
  }
  const Image image = noise_image(32, 32, 1, 6);
  CHECK(measure_raw_halves({image, image}, 1).snr_half > 1e6);
  const Image other(31, 32);
  CHECK_THROWS_WITH(measure_raw_halves({image, other}, 1),
                    ContainsSubstring("the halves") && ContainsSubstring("32 x 32 and 31 x 32"));
  CHECK_THROWS_WITH(measure_denoised_halves({image, image}, {image, other}, 1),
                    ContainsSubstring("the odd half and its denoised image"));
  CHECK_THROWS_AS(measure_raw_halves({image, image}, -1), Error);
}
