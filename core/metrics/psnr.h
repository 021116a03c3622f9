#pragma once

#include "core/image/image.h"

#include <cstdint>

// Pixelwise comparison of an image d with the truth x of the same size. All sums run in double over
// blocks of fixed size, so the results do not depend on the number of threads.
//   MSE       mean (d - x)^2
//   PSNR      10 log10(L^2 / MSE), L = the range of grey values, which has to be said: here the
//             range of the truth, never that of a noisy image
//   fitted    the same for a d + b, a = cov(d, x) / var(d), b = mean(x) - a mean(d): the scale and
//             offset that minimise the MSE
//   SNR       10 log10(var(x) / MSE), which needs no range
//   correlation  cov(d, x) / sqrt(var(d) var(x))
// A constant image has the fitted MSE var(x). An MSE of 0 gives infinite PSNR and SNR. Pixels have
// to be finite: one NaN makes every result NaN.
namespace limpid {

// Throws Error(input) unless both images have one size; `what` names them in the message, such as
// "the denoised image and the truth".
void require_equal_size(const Image& a, const Image& b, const char* what);

// Moments of two images about their means.
struct JointMoments {
  double mean_a = 0;
  double mean_b = 0;
  double variance_a = 0;
  double variance_b = 0;
  double covariance = 0;
  double difference_variance = 0;  // of a - b; not from the other three, whose digits would cancel

  double mean_squared_difference() const {
    return difference_variance + (mean_a - mean_b) * (mean_a - mean_b);
  }
  // 0 when one of the images is constant.
  double correlation() const;
};

JointMoments measure_joint_moments(const Image& a, const Image& b);

// a = scale, b = offset of the text above.
struct AffineFit {
  double scale = 1;
  double offset = 0;
};

struct PixelMetrics {
  double mse = 0;
  double psnr_db = 0;
  AffineFit fit;
  double fitted_mse = 0;
  double fitted_psnr_db = 0;
  double snr_db = 0;
  double correlation = 0;
};

// Maximum minus minimum of the truth.
double data_range(const Image& truth);

// Throws Error(input) when the sizes differ or the data range is not above 0.
PixelMetrics measure_pixel_metrics(const Image& image, const Image& truth, double data_range);

// 10 log10(ratio); minus infinity for ratios up to 0.
double decibel(double ratio);

double psnr_db(double mse, double data_range);

}  // namespace limpid
