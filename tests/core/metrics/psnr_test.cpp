#include "core/metrics/psnr.h"

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "tests/core/metrics/test_images.h"
#include "tests/support/catch.h"

#include <cmath>

using namespace limpid;

TEST_CASE("psnr: a known error gives the known value") {
  const Image truth = blob_image(64, 48, 1);
  const Image shifted = linear_map(truth, 1, 0.25);
  const PixelMetrics metrics = measure_pixel_metrics(shifted, truth, 2.5);
  CHECK(metrics.mse == Approx(0.0625).epsilon(1e-6));
  CHECK(metrics.psnr_db == Approx(20).epsilon(1e-6));
  CHECK(metrics.correlation == Approx(1).epsilon(1e-9));
  // float32 rounding of the shifted pixels is all that is left.
  CHECK(metrics.fitted_psnr_db > 130);
}

TEST_CASE("psnr: the affine fit finds scale and offset") {
  const Image truth = blob_image(100, 80, 2);
  const Image result = linear_map(truth, -4, 30);
  const PixelMetrics metrics = measure_pixel_metrics(result, truth, data_range(truth));
  CHECK(metrics.fit.scale == Approx(-0.25).epsilon(1e-6));
  CHECK(metrics.fit.offset == Approx(7.5).epsilon(1e-6));
  CHECK(metrics.correlation == Approx(-1).epsilon(1e-9));
}

TEST_CASE("psnr: noise of known variance gives SNR, PSNR, correlation and fit") {
  const Image truth = blob_image(400, 300, 3);
  const Image noise = noise_image(400, 300, 2, 1);
  const PixelMetrics metrics = measure_pixel_metrics(sum_of(truth, noise), truth, 10);
  const double signal = measure_joint_moments(truth, truth).variance_a;
  // Variance of noise to sqrt(2 / n) = 0.4 %, five times over.
  CHECK(metrics.mse == Approx(4).epsilon(0.02));
  CHECK(metrics.psnr_db == Approx(10 * std::log10(100.0 / 4)).margin(0.09));
  CHECK(metrics.snr_db == Approx(10 * std::log10(signal / 4)).margin(0.09));
  CHECK(metrics.fit.scale == Approx(signal / (signal + 4)).margin(5 * 0.5 / 346));
  CHECK(metrics.fitted_mse == Approx(signal * 4 / (signal + 4)).epsilon(0.02));
  CHECK(metrics.correlation == Approx(std::sqrt(signal / (signal + 4))).margin(5.0 / 346));
}

TEST_CASE("psnr: a constant image scores the variance of the truth") {
  const Image truth = blob_image(50, 60, 4);
  const Image constant(50, 60, 3.0f);
  const PixelMetrics metrics = measure_pixel_metrics(constant, truth, 1);
  CHECK(metrics.fit.scale == 0);
  CHECK(metrics.correlation == 0);
  CHECK(metrics.fitted_mse == Approx(measure_joint_moments(truth, truth).variance_a));
}

TEST_CASE("psnr: an equal image has infinite PSNR and SNR") {
  const Image truth = blob_image(9, 7, 5);
  const PixelMetrics metrics = measure_pixel_metrics(truth, truth, 1);
  CHECK(metrics.mse == 0);
  CHECK(std::isinf(metrics.psnr_db));
  CHECK(std::isinf(metrics.snr_db));
}

TEST_CASE("psnr: the scale of the grey values does not matter") {
  const Image truth = blob_image(80, 80, 6);
  const Image noisy = sum_of(truth, noise_image(80, 80, 1, 2));
  const PixelMetrics reference = measure_pixel_metrics(noisy, truth, 5);
  for (const double unit : {1e-20, 1e20}) {
    const PixelMetrics scaled =
        measure_pixel_metrics(linear_map(noisy, unit, 0), linear_map(truth, unit, 0), 5 * unit);
    CHECK(scaled.psnr_db == Approx(reference.psnr_db).epsilon(1e-6));
    CHECK(scaled.fitted_psnr_db == Approx(reference.fitted_psnr_db).epsilon(1e-6));
    CHECK(scaled.correlation == Approx(reference.correlation).epsilon(1e-6));
  }
}

TEST_CASE("psnr: the number of threads changes no bit") {
  const Image a = noise_image(700, 500, 1, 3);
  const Image b = noise_image(700, 500, 1, 4);
  const int threads_before = thread_count();
  set_thread_count(1);
  const PixelMetrics one = measure_pixel_metrics(a, b, 1);
  set_thread_count(7);
  const PixelMetrics seven = measure_pixel_metrics(a, b, 1);
  set_thread_count(threads_before);
  CHECK(one.mse == seven.mse);
  CHECK(one.correlation == seven.correlation);
}

TEST_CASE("psnr: other sizes and ranges without width are refused") {
  CHECK_THROWS_WITH(
      measure_pixel_metrics(Image(3, 4), Image(4, 3), 1),
      ContainsSubstring("an image and the truth") && ContainsSubstring("3 x 4 and 4 x 3"));
  CHECK_THROWS_WITH(measure_pixel_metrics(Image(3, 4), Image(3, 4), 0),
                    ContainsSubstring("range of grey values above 0"));
  CHECK_THROWS_AS(measure_joint_moments(Image(), Image()), Error);
}
