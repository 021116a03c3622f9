#include "plugin/evaluation/evaluation.h"

#include "core/base/error.h"
#include "core/metrics/psnr.h"
#include "core/metrics/reference_filters.h"
#include "core/metrics/ssim.h"
#include "tests/core/metrics/test_images.h"
#include "tests/support/catch.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <vector>

using namespace limpid;

namespace {

constexpr std::int64_t side = 256;
constexpr double pixel_size_angstrom = 2;

struct Scene {
  Image truth = blob_image(side, side, 1);
  Image noisy = sum_of(truth, noise_image(side, side, 3, 1));
  std::vector<double> low_pass_gain = std::vector<double>(side / 2 + 1, 0.0);
  Scene() { std::fill(low_pass_gain.begin(), low_pass_gain.begin() + 36, 1.0); }
  Image filtered() const { return filter_rings(noisy, low_pass_gain); }
};

}  // namespace

TEST_CASE("evaluation: a result stands beside noisy, constant, best Gaussian and radial Wiener") {
  const Scene scene;
  const Image denoised = linear_map(scene.filtered(), 0.5, 7);
  const TruthScores scores =
      evaluate_against_truth(&scene.noisy, denoised, scene.truth, pixel_size_angstrom);
  REQUIRE(scores.methods.size() == 5);
  CHECK(scores.has_signal);
  CHECK(scores.data_range == data_range(scene.truth));
  const auto& [result, noisy, constant, gaussian, wiener] = std::tie(scores.methods[0],
                                                                     scores.methods[1],
                                                                     scores.methods[2],
                                                                     scores.methods[3],
                                                                     scores.methods[4]);
  CHECK(result.method == denoised_method);
  CHECK(noisy.method == "noisy");

  // Every number is that of core/metrics.
  const PixelMetrics pixels = measure_pixel_metrics(denoised, scene.truth, scores.data_range);
  CHECK(result.psnr_db == pixels.psnr_db);
  CHECK(result.fitted_psnr_db == pixels.fitted_psnr_db);
  CHECK(result.snr_db == pixels.snr_db);
  CHECK(result.correlation == pixels.correlation);
  CHECK(result.ssim == ssim(denoised, scene.truth, scores.data_range));
  // The fit undoes the wrong grey scale of the result.
  CHECK(*result.fitted_psnr_db > *result.psnr_db + 10);
  CHECK(*result.fitted_ssim > *result.ssim + 0.1);

  // A constant has the error var(x) and no correlation with anything.
  CHECK(*constant.snr_db == Approx(0).margin(1e-6));
  CHECK_FALSE(constant.correlation);
  CHECK_FALSE(constant.resolution_angstrom);
  CHECK_FALSE(constant.band_gain_db[1]);

  CHECK(*gaussian.fitted_psnr_db > *noisy.fitted_psnr_db + 2);
  CHECK(*gaussian.gaussian_sigma_angstrom > 0.4 * pixel_size_angstrom);
  CHECK(*wiener.fitted_psnr_db > *gaussian.fitted_psnr_db);
}

TEST_CASE("evaluation: an isotropic filter gains nothing in a band, the truth does") {
  const Scene scene;
  const TruthComparison comparison(scene.truth, &scene.noisy, pixel_size_angstrom);
  // The blobs have wavelengths of 8 px and more, 16 to 100 A: in 30-15 A and 60-30 A.
  const MethodScore filtered = comparison.score("filter", scene.filtered());
  CHECK(*filtered.band_gain_db[1] == Approx(0).margin(0.1));
  const MethodScore perfect = comparison.score("truth", scene.truth);
  CHECK(*perfect.band_gain_db[1] > 10);
  CHECK(std::isinf(*perfect.psnr_db));
  CHECK(*perfect.ssim == Approx(1));
  // Pixels of 2 A hold nothing beyond 4 A and some of 8-4 A; there the noisy image has no signal.
  CHECK_FALSE(perfect.band_gain_db[4]);
}

TEST_CASE("evaluation: without particles the variance that is left counts") {
  // A slope is no signal: it varies far more slowly than 300 A.
  Image truth(side, side);
  for (std::int64_t y = 0; y < side; ++y)
    for (std::int64_t x = 0; x < side; ++x)
      truth.at(x, y) = static_cast<float>(100 + 1e-3 * static_cast<double>(x));
  const Image noise = noise_image(side, side, 2, 5);
  const Image noisy = sum_of(truth, noise);
  const Image denoised = sum_of(truth, linear_map(noise, 0.1, 3));
  const TruthScores scores = evaluate_against_truth(&noisy, denoised, truth, pixel_size_angstrom);
  CHECK_FALSE(scores.has_signal);
  REQUIRE(scores.methods.size() == 5);
  const MethodScore& result = scores.methods.front();
  CHECK_FALSE(result.psnr_db);
  CHECK_FALSE(result.ssim);
  // A tenth of the noise has a hundredth of its variance at every frequency; an offset is none.
  CHECK(*result.variance_left == Approx(0.01).epsilon(1e-4));
  CHECK(*result.band_variance_left == Approx(0.01).epsilon(1e-3));
  CHECK(*scores.methods[1].variance_left == Approx(1));
  CHECK(*scores.methods[1].band_variance_left == Approx(1));
  CHECK(*scores.methods[2].variance_left < 0.01);
}

TEST_CASE("evaluation: a constant truth is one without particles") {
  const Image truth(64, 64, 5.0f);
  const Image noisy = noise_image(64, 64, 1, 6);
  const TruthScores scores = evaluate_against_truth(&noisy, truth, truth, 1);
  CHECK_FALSE(scores.has_signal);
  CHECK(*scores.methods.front().variance_left == Approx(0).margin(1e-12));
  CHECK_THROWS_WITH(evaluate_against_truth(nullptr, noisy, truth, 1),
                    ContainsSubstring("the truth is constant"));
}

TEST_CASE("evaluation: without the noisy image there are two rows and no band gains") {
  const Scene scene;
  const TruthScores scores =
      evaluate_against_truth(nullptr, scene.filtered(), scene.truth, pixel_size_angstrom);
  REQUIRE(scores.methods.size() == 2);
  CHECK(scores.methods[0].resolution_angstrom);
  CHECK_FALSE(scores.methods[0].band_gain_db[1]);
  CHECK(scores.methods[1].method == "constant image");
  const TruthScores quick = evaluate_against_truth(
      &scene.noisy, scene.filtered(), scene.truth, pixel_size_angstrom, {.filters = false});
  CHECK(quick.methods.size() == 3);
}

TEST_CASE("evaluation: other sizes, NaN and missing pixel sizes are refused") {
  const Image truth = blob_image(64, 64, 1);
  const Image noisy = sum_of(truth, noise_image(64, 64, 1, 1));
  CHECK_THROWS_WITH(evaluate_against_truth(&noisy, Image(64, 63), truth, 1),
                    ContainsSubstring("64 x 63 and 64 x 64"));
  CHECK_THROWS_WITH(evaluate_against_truth(&noisy, noisy, truth, 0),
                    ContainsSubstring("a pixel size of 0 A"));
  Image broken = noisy;
  broken.at(3, 4) = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH(evaluate_against_truth(&noisy, broken, truth, 1),
                    ContainsSubstring("the denoised image: 1 of 4096 pixels"));
  CHECK_THROWS_WITH(evaluate_against_truth(&broken, noisy, truth, 1),
                    ContainsSubstring("the noisy image: 1 of 4096 pixels"));
}
