#include "core/metrics/ssim.h"

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/image/statistics.h"
#include "core/metrics/psnr.h"
#include "tests/core/metrics/test_images.h"
#include "tests/support/catch.h"

#include <array>
#include <cmath>

using namespace limpid;

namespace {

// The definition, pixel by pixel, for images larger than the window.
double naive_ssim(const Image& image, const Image& truth, double range) {
  const double shift = range / 2 - measure_statistics(truth).mean;
  const double c1 = std::pow(0.01 * range, 2);
  const double c2 = std::pow(0.03 * range, 2);
  double total = 0;
  for (std::int64_t cy = 5; cy + 5 < image.height(); ++cy)
    for (std::int64_t cx = 5; cx + 5 < image.width(); ++cx) {
      double weights = 0, md = 0, mx = 0, vd = 0, vx = 0, cov = 0;
      for (int pass = 0; pass < 2; ++pass)
        for (std::int64_t y = cy - 5; y <= cy + 5; ++y)
          for (std::int64_t x = cx - 5; x <= cx + 5; ++x) {
            const auto r2 = static_cast<double>((x - cx) * (x - cx) + (y - cy) * (y - cy));
            const double w = std::exp(-r2 / (2 * 1.5 * 1.5));
            const double d = image.at(x, y) + shift;
            const double t = truth.at(x, y) + shift;
            if (pass == 0) {
              weights += w;
              md += w * d;
              mx += w * t;
            } else {
              vd += w / weights * std::pow(d - md / weights, 2);
              vx += w / weights * std::pow(t - mx / weights, 2);
              cov += w / weights * (d - md / weights) * (t - mx / weights);
            }
          }
      md /= weights;
      mx /= weights;
      total += (2 * md * mx + c1) * (2 * cov + c2) / ((md * md + mx * mx + c1) * (vd + vx + c2));
    }
  return total / static_cast<double>((image.width() - 10) * (image.height() - 10));
}

}  // namespace

TEST_CASE("ssim: the separable sums equal the definition") {
  const Image truth = blob_image(47, 33, 1);
  const Image noisy = sum_of(linear_map(truth, 0.8, 0.1), noise_image(47, 33, 0.7, 1));
  CHECK(ssim(noisy, truth, 4) == Approx(naive_ssim(noisy, truth, 4)).epsilon(1e-10));
}

TEST_CASE("ssim: an equal image scores 1, an inverted one below 0") {
  const Image truth = blob_image(60, 40, 2);
  const double range = data_range(truth);
  CHECK(ssim(truth, truth, range) == Approx(1).epsilon(1e-12));
  CHECK(ssim(linear_map(truth, -1, 0), truth, range) < 0);
}

TEST_CASE("ssim: only an offset of one image counts, not of both") {
  const Image truth = blob_image(80, 50, 3);
  const Image noisy = sum_of(truth, noise_image(80, 50, 0.5, 3));
  const double range = data_range(truth);
  const double reference = ssim(noisy, truth, range);
  CHECK(ssim(linear_map(noisy, 1, 4), linear_map(truth, 1, 4), range) ==
        Approx(reference).epsilon(1e-5));
  CHECK(ssim(linear_map(noisy, 1, range), truth, range) < reference - 0.05);
}

TEST_CASE("ssim: two constant images compare their luminance alone") {
  // Truth shifted to L / 2 = 0.5, image at 1.0.
  const double expected = (2 * 1.0 * 0.5 + 1e-4) / (1.0 + 0.25 + 1e-4);
  CHECK(ssim(Image(30, 20, 0.5f), Image(30, 20, 0.0f), 1) == Approx(expected).epsilon(1e-12));
}

TEST_CASE("ssim: images smaller than the window are continued by reflection") {
  for (const auto& [width, height] :
       {std::pair<int, int>{1, 1}, {1, 40}, {40, 1}, {3, 5}, {10, 10}, {11, 11}, {10, 30}}) {
    const Image truth = blob_image(width, height, 4);
    CAPTURE(width, height);
    CHECK(ssim(truth, truth, 1) == Approx(1).epsilon(1e-12));
    const double value = ssim(sum_of(truth, noise_image(width, height, 1, 5)), truth, 1);
    CHECK(value < 1);
    CHECK(value > -1);
  }
}

TEST_CASE("ssim: the scale of the grey values and the number of threads do not matter") {
  const Image truth = blob_image(200, 170, 5);
  const Image noisy = sum_of(truth, noise_image(200, 170, 0.5, 6));
  const int threads_before = thread_count();
  set_thread_count(1);
  const double one = ssim(noisy, truth, 3);
  set_thread_count(7);
  const double seven = ssim(noisy, truth, 3);
  set_thread_count(threads_before);
  CHECK(one == seven);
  for (const double unit : {1e-20, 1e20})
    CHECK(ssim(linear_map(noisy, unit, 0), linear_map(truth, unit, 0), 3 * unit) ==
          Approx(one).epsilon(1e-5));
}

TEST_CASE("ssim: other sizes and ranges without width are refused") {
  CHECK_THROWS_WITH(ssim(Image(30, 40), Image(40, 30), 1),
                    ContainsSubstring("30 x 40 and 40 x 30"));
  CHECK_THROWS_WITH(ssim(Image(30, 40), Image(30, 40), -1),
                    ContainsSubstring("range of grey values above 0"));
}
