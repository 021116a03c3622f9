#include "plugin/trust/trust_numbers.h"

#include "core/base/random.h"
#include "core/io/mrc_writer.h"
#include "core/io/star.h"
#include "core/metrics/reference_filters.h"
#include "core/metrics/rings.h"
#include "plugin/trust/trust_columns.h"
#include "plugin/trust/trust_list.h"
#include "plugin/trust/trust_window.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

#include <algorithm>
#include <cmath>
#include <numbers>

using namespace limpid;
using limpid::test::TemporaryFolder;

namespace {

constexpr std::int64_t side = 256;

// A smooth pattern of variance 1/2 times amplitude^2.
Image pattern(double amplitude) {
  Image image(side, side);
  for (std::int64_t y = 0; y < side; ++y)
    for (std::int64_t x = 0; x < side; ++x)
      image.at(x, y) =
          static_cast<float>(10 + amplitude * std::sin(2 * std::numbers::pi *
                                                       static_cast<double>(5 * x + 3 * y) / side));
  return image;
}

Image with_noise(Image image, double sigma, std::uint64_t seed) {
  RandomSequence random(seed, 0);
  for (float& value : image.pixels())
    value += static_cast<float>(sigma * random.normal());
  return image;
}

Image sum_of(const Image& a, const Image& b) {
  Image sum = a;
  for (std::int64_t y = 0; y < side; ++y)
    for (std::int64_t x = 0; x < side; ++x)
      sum.at(x, y) += b.at(x, y);
  return sum;
}

// Keeps the rings up to number 63 of 128: this part of white noise.
const double noise_kept = std::numbers::pi * (63.5 / 256) * (63.5 / 256);

void low_pass(Image& image) {
  const Rings rings(image.width(), image.height());
  std::vector<double> gain(static_cast<std::size_t>(rings.count() + 1), 0.0);
  for (std::int64_t ring = 0; ring < 64; ++ring)
    gain[static_cast<std::size_t>(ring)] = 1;
  image = filter_rings(image, gain);
}

template <class Denoise>
Image result_of(Image image, const Denoise& denoise) {
  denoise(image);
  return image;
}

}  // namespace

TEST_CASE("trust: the signal-to-noise ratios before and after follow from the halves") {
  const double sigma = 2;
  const Image even = with_noise(pattern(1), sigma, 1);
  const Image odd = with_noise(pattern(1), sigma, 2);
  const Image raw = sum_of(even, odd);
  const TrustNumbers numbers = measure_trust({.raw = raw,
                                              .denoised = result_of(raw, low_pass),
                                              .even = &even,
                                              .odd = &odd,
                                              .denoise = low_pass});
  // Signal variance 1/2 in a half, noise 4; the sum doubles the ratio.
  REQUIRE(numbers.snr_before);
  CHECK(*numbers.snr_before == Approx(2 * 0.5 / 4).epsilon(0.05));
  // The mean of both results has half of the noise that is kept. The covariance of the raw halves
  // is known to 4.5 / 256, which is 5 % of that.
  REQUIRE(numbers.snr_after);
  CHECK(*numbers.snr_after == Approx(0.5 / (4 * noise_kept / 2)).epsilon(0.15));
  CHECK(std::abs(numbers.bias_fraction.value()) < 0.05);
  CHECK(std::abs(numbers.half_dependence.value()) < 5);
  CHECK(numbers.noise_left == Approx(std::sqrt(noise_kept)).epsilon(0.02));
  CHECK(std::abs(numbers.removed_correlation) < 0.01);
  CHECK(trust_remark(as_map(numbers)).empty());
  // Against what a million of other noises would give: the errors are of the size of the deviation.
  CHECK(std::abs(*numbers.snr_before - 2 * 0.5 / 4) < 4 * *numbers.snr_before_error);
  CHECK(*numbers.snr_before_error < 0.05 * *numbers.snr_before);
  CHECK(std::abs(*numbers.snr_after - 0.5 / (4 * noise_kept / 2)) < 4 * *numbers.snr_after_error);
  CHECK(*numbers.error_fraction == Approx(1 / *numbers.snr_after));
  CHECK(numbers.noise_peak < 6);
  CHECK(numbers.seam < 1.7);
}

TEST_CASE("trust: FRC of a filtered half keeps below its bound, that of a leak does not") {
  const Image even = with_noise(pattern(1), 2, 1);
  const Image odd = with_noise(pattern(1), 2, 2);
  const Image raw = sum_of(even, odd);
  // The pattern has a period of 44 px; with pixels of 1 A it is in the second band.
  const TrustNumbers good =
      measure_trust({.raw = raw, .denoised = raw, .even = &even, .odd = &odd, .denoise = low_pass});
  REQUIRE(good.frc[1]);
  CHECK(*good.frc[1] <= *good.frc_bound[1] + 0.05);
  CHECK(*good.frc[1] > 0.1);
  const auto know_both = [&](Image& image) { image = raw; };
  const TrustNumbers leak = measure_trust(
      {.raw = raw, .denoised = raw, .even = &even, .odd = &odd, .denoise = know_both});
  CHECK(*leak.frc_excess > 0.3);
  CHECK(*leak.frc[4] > *leak.frc_bound[4] + 0.3);
  CHECK_THAT(trust_warning(as_map(leak)), ContainsSubstring("above its bound"));
}

TEST_CASE("trust: tiles that do not fit together and spots made of noise are noticed") {
  const Image raw = with_noise(pattern(1), 2, 1);
  const auto broken = [](Image& image) {
    low_pass(image);
    for (std::int64_t y = 0; y < side; ++y)
      for (std::int64_t x = side / 2; x < side; ++x)
        image.at(x, y) += 1.5f;
    image.at(40, 50) += 100;
  };
  const TrustNumbers numbers =
      measure_trust({.raw = raw, .denoised = result_of(raw, broken), .denoise = broken});
  CHECK(numbers.seam > 1.7);
  CHECK(numbers.noise_peak > 6);
  CHECK_THAT(trust_remark(as_map(numbers)),
             ContainsSubstring("straight edge") && ContainsSubstring("spots of pure noise") &&
                 ContainsSubstring("no halves"));
  const Image fine = result_of(raw, low_pass);
  CHECK(measure_trust({.raw = raw, .denoised = fine, .denoise = low_pass}).seam < 1.7);
  // The whole result has the seam that the window has not.
  const Image seam = result_of(raw, broken);
  CHECK(measure_trust({.raw = raw, .denoised = fine, .whole = &seam, .denoise = low_pass}).seam >
        1.7);
}

TEST_CASE("trust: one tile has no seam, but may have a line of bad pixels") {
  const auto warning_of = [](double tiles, double seam) {
    return trust_warning({{"noise_left", 0.1}, {"tiles", tiles}, {"seam", seam}});
  };
  CHECK(warning_of(2, 1.65).empty());
  CHECK_THAT(warning_of(2, 1.9), ContainsSubstring("straight edge"));
  CHECK(warning_of(1, 1.9).empty());
  CHECK_THAT(warning_of(1, 3.5), ContainsSubstring("straight edge"));
}

TEST_CASE("trust: spots of pure noise are told of where they are as high as the result") {
  const auto spot = [](Image& image) {
    low_pass(image);
    image.at(40, 50) += 12;
  };
  const auto warning_of = [&](double amplitude) {
    const Image raw = with_noise(pattern(amplitude), 2, 1);
    const TrustNumbers numbers =
        measure_trust({.raw = raw, .denoised = result_of(raw, spot), .denoise = spot});
    CHECK(numbers.noise_peak > 6);
    return trust_warning(as_map(numbers));
  };
  CHECK_THAT(warning_of(0), ContainsSubstring("spots of pure noise"));
  CHECK_THAT(warning_of(40), !ContainsSubstring("spots of pure noise"));
}

TEST_CASE("trust: two copies of one image are no halves") {
  const Image half = with_noise(pattern(1), 2, 1);
  const Image raw = sum_of(half, half);
  const TrustNumbers numbers = measure_trust({.raw = raw,
                                              .denoised = result_of(raw, low_pass),
                                              .even = &half,
                                              .odd = &half,
                                              .denoise = low_pass});
  CHECK_FALSE(numbers.snr_before);
  CHECK(numbers.noise_left == Approx(std::sqrt(noise_kept)).epsilon(0.1));
  CHECK_THAT(
      trust_remark(as_map(numbers)),
      ContainsSubstring("both halves are the same image") && !ContainsSubstring("no halves"));
  CHECK_FALSE(trust_warning(as_map(numbers)).empty());
}

TEST_CASE("trust: a denoiser that removes signal shows bias and a correlated remainder") {
  const Image even = with_noise(pattern(3), 1, 1);
  const Image odd = with_noise(pattern(3), 1, 2);
  const Image raw = sum_of(even, odd);
  const auto halve = [](Image& image) {
    low_pass(image);
    for (float& value : image.pixels())
      value = 10 + (value - 10) / 2;
  };
  const TrustNumbers numbers = measure_trust({.raw = raw,
                                              .denoised = result_of(raw, halve),
                                              .even = &even,
                                              .odd = &odd,
                                              .denoise = halve});
  CHECK(*numbers.bias_fraction == Approx(0.25).epsilon(0.05));
  CHECK(numbers.removed_correlation > 0.5);
}

TEST_CASE("trust: a pattern common to both halves is noticed") {
  const Image common = with_noise(Image(side, side, 0.0f), 0.5, 9);
  const Image even = sum_of(with_noise(pattern(1), 2, 1), common);
  const Image odd = sum_of(with_noise(pattern(1), 2, 2), common);
  const Image raw = sum_of(even, odd);
  const TrustNumbers numbers = measure_trust({.raw = raw,
                                              .denoised = result_of(raw, low_pass),
                                              .even = &even,
                                              .odd = &odd,
                                              .denoise = low_pass});
  CHECK(*numbers.half_dependence > 5);
  CHECK_THAT(trust_remark(as_map(numbers)), ContainsSubstring("share a pattern"));
}

TEST_CASE("trust: without halves it says what cannot be known") {
  const Image raw = with_noise(pattern(1), 2, 1);
  const TrustNumbers numbers =
      measure_trust({.raw = raw, .denoised = raw, .denoise = [](Image&) {}});
  CHECK_FALSE(numbers.snr_before);
  CHECK_FALSE(numbers.snr_after);
  CHECK_FALSE(numbers.frc_excess);
  CHECK(numbers.noise_left == Approx(1));
  CHECK(numbers.band_noise_left == Approx(1));
  CHECK_THAT(trust_remark(as_map(numbers)), ContainsSubstring("no halves"));
  CHECK(as_map(numbers).count("snr_before") == 0);
}

TEST_CASE("trust: halves of another size are refused") {
  const Image raw = with_noise(pattern(1), 2, 1);
  const Image half(side, side / 2, 1.0f);
  CHECK_THROWS_WITH(
      measure_trust(
          {.raw = raw, .denoised = raw, .even = &half, .odd = &half, .denoise = [](Image&) {}}),
      ContainsSubstring("256 x 128"));
}

TEST_CASE("trust: the list says nan for what is not known") {
  const std::string text =
      trust_list({{"out/a.mrc", {{"snr_before", 0.05}, {"noise_left", 0.02}, {"tiles", 1}}}});
  for (const TrustColumn& column : trust_columns())
    CHECK_THAT(text, ContainsSubstring("\n# " + column.label + ": "));
  const StarFile list = StarFile::parse(text, "trust.star");
  const StarTable& table = list.table("trust");
  CHECK(table.cell(0, table.column("limpidSnrBefore")) == "0.050000");
  CHECK(table.cell(0, table.column("limpidSnrAfter")) == "nan");
  CHECK(table.cell(0, table.column("limpidRemark")) ==
        "no halves: SNR, bias and FRC cannot be known");
}

TEST_CASE("trust: the window of a file is the window of its image") {
  const TemporaryFolder folder;
  Image image(1500, 1100);
  for (std::int64_t y = 0; y < image.height(); ++y)
    for (std::int64_t x = 0; x < image.width(); ++x)
      image.at(x, y) = static_cast<float>(x + 2000 * y);
  write_mrc(folder.path("a.mrc"), image, {});
  const Image expected = trust_window(image);
  CHECK(expected.width() == 1024);
  CHECK(expected.height() == 1024);
  CHECK(expected.at(0, 0) == image.at(238, 38));
  const Image found = read_trust_window(folder.path("a.mrc"), 1500, 1100);
  CHECK(std::equal(found.pixels().begin(), found.pixels().end(), expected.pixels().begin()));
  CHECK_THROWS_WITH(read_trust_window(folder.path("a.mrc"), 1500, 1101),
                    ContainsSubstring("1500 x 1100 pixels, its micrograph 1500 x 1101"));
}
