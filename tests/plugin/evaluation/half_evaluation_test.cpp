#include "plugin/evaluation/half_evaluation.h"

#include "core/base/error.h"
#include "core/metrics/psnr.h"
#include "core/metrics/reference_filters.h"
#include "tests/core/metrics/test_images.h"
#include "tests/support/catch.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

using namespace limpid;

namespace {

constexpr std::int64_t side = 300;

struct Halves {
  Image truth = blob_image(side, side, 1);
  Image even = sum_of(truth, noise_image(side, side, 2, 1));
  Image odd = sum_of(truth, noise_image(side, side, 2, 2));
  std::vector<double> gain = std::vector<double>(side / 2 + 1, 0.0);
  Halves() { std::fill(gain.begin(), gain.begin() + 42, 0.8); }
};

}  // namespace

TEST_CASE("half evaluation: SNR before and after agree with the truth nobody showed it") {
  const Halves halves;
  const Image even = filter_rings(halves.even, halves.gain);
  const Image odd = filter_rings(halves.odd, halves.gain);
  const HalfScores scores = evaluate_halves({halves.even, halves.odd}, {even, odd}, 2);
  CHECK(scores.has_signal);
  CHECK(scores.warnings.empty());
  REQUIRE(scores.methods.size() == 2);
  const HalfScore& denoised = scores.methods[0];
  const HalfScore& raw = scores.methods[1];
  const JointMoments after = measure_joint_moments(even, halves.truth);
  // Covariances with residual noise of variance below 5 over 90000 pixels: errors of 0.02.
  CHECK(*denoised.mse_half == Approx(after.difference_variance).margin(0.06));
  CHECK(*denoised.snr_half_db ==
        Approx(decibel(after.variance_b / after.difference_variance)).margin(0.8));
  CHECK(*denoised.snr_average_db > *denoised.snr_half_db);
  CHECK(*denoised.bias_fraction == Approx(0.04).margin(0.05));  // (1 - 0.8)^2
  CHECK(*raw.mse_half == Approx(4).margin(0.1));
  CHECK(*raw.snr_half_db == Approx(decibel(after.variance_b / 4)).margin(0.5));
  // In 60-30 A: for a linear filter FRC(D_e, R_o) is FRC(R_e, R_o), whose root is the bound.
  CHECK(*denoised.band_correlation[1] ==
        Approx(*raw.band_correlation[1] * *raw.band_correlation[1]).margin(0.01));
  CHECK(*denoised.largest_excess < 0.05);
  CHECK(std::abs(*raw.outer_correlation) < 5 * *raw.outer_standard_error);
}

TEST_CASE("half evaluation: leaks and shared patterns are said aloud") {
  const Halves halves;
  const Image both = linear_map(sum_of(halves.even, halves.odd), 0.5, 0);
  const HalfScores leak = evaluate_halves({halves.even, halves.odd}, {both, both}, 2);
  REQUIRE(leak.warnings.size() == 1);
  CHECK_THAT(leak.warnings[0], ContainsSubstring("exceeds its bound"));

  const Image pattern = noise_image(side, side, 1, 3);
  const Image even = sum_of(halves.even, pattern);
  const Image odd = sum_of(halves.odd, pattern);
  const HalfScores shared = evaluate_halves({even, odd}, {even, odd}, 2);
  REQUIRE_FALSE(shared.warnings.empty());
  CHECK_THAT(shared.warnings[0], ContainsSubstring("not independent"));
}

TEST_CASE("half evaluation: without signal there are no ratios to it") {
  const Image even = noise_image(side, side, 2, 8);
  const Image odd = noise_image(side, side, 2, 9);
  const Image nothing(side, side, 1.0f);
  const HalfScores scores = evaluate_halves({even, odd}, {nothing, nothing}, 2);
  CHECK_FALSE(scores.has_signal);
  CHECK_FALSE(scores.methods[0].snr_half_db);
  CHECK_FALSE(scores.methods[0].bias_fraction);
  CHECK(scores.methods[0].mse_half);
  REQUIRE(scores.warnings.size() == 1);
  CHECK_THAT(scores.warnings[0], ContainsSubstring("no signal"));
}

TEST_CASE("half evaluation: a half with NaN is named") {
  const Halves halves;
  Image broken = halves.odd;
  broken.at(0, 0) = std::numeric_limits<float>::infinity();
  CHECK_THROWS_WITH(evaluate_halves({halves.even, broken}, {halves.even, halves.odd}, 2),
                    ContainsSubstring("the odd half: 1 of 90000 pixels"));
  CHECK_THROWS_WITH(evaluate_halves({halves.even, halves.odd}, {halves.even, broken}, 2),
                    ContainsSubstring("the denoised odd half: 1 of"));
}
