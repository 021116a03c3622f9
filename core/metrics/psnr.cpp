#include "core/metrics/psnr.h"

#include "core/base/error.h"
#include "core/image/block_sum.h"
#include "core/image/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace limpid {
namespace {

struct SumPair {
  double a = 0;
  double b = 0;
  SumPair& operator+=(const SumPair& other) {
    a += other.a;
    b += other.b;
    return *this;
  }
};

struct SecondOrderSums {
  double aa = 0;
  double bb = 0;
  double ab = 0;
  double difference = 0;
  SecondOrderSums& operator+=(const SecondOrderSums& other) {
    aa += other.aa;
    bb += other.bb;
    ab += other.ab;
    difference += other.difference;
    return *this;
  }
};

}  // namespace

void require_equal_size(const Image& a, const Image& b, const char* what) {
  if (a.width() != b.width() || a.height() != b.height())
    fail(ErrorKind::input,
         "comparing {}: sizes {} x {} and {} x {} differ",
         what,
         a.width(),
         a.height(),
         b.width(),
         b.height());
  if (a.empty())
    fail(ErrorKind::input, "comparing {}: both are empty", what);
}

double JointMoments::correlation() const {
  return variance_a > 0 && variance_b > 0
             ? covariance / (std::sqrt(variance_a) * std::sqrt(variance_b))
             : 0.0;
}

JointMoments measure_joint_moments(const Image& a, const Image& b) {
  require_equal_size(a, b, "two images");
  const float* const pa = a.pixels().data();
  const float* const pb = b.pixels().data();
  const std::int64_t count = a.pixel_count();
  const double n = static_cast<double>(count);
  const SumPair sums =
      sum_in_blocks<SumPair>(count, sum_block_pixels, [&](std::int64_t begin, std::int64_t end) {
        SumPair part;
        for (std::int64_t i = begin; i < end; ++i) {
          part.a += pa[i];
          part.b += pb[i];
        }
        return part;
      });
  const double mean_a = sums.a / n;
  const double mean_b = sums.b / n;
  const SecondOrderSums second = sum_in_blocks<SecondOrderSums>(
      count, sum_block_pixels, [&](std::int64_t begin, std::int64_t end) {
        SecondOrderSums part;
        for (std::int64_t i = begin; i < end; ++i) {
          const double da = pa[i] - mean_a;
          const double db = pb[i] - mean_b;
          part.aa += da * da;
          part.bb += db * db;
          part.ab += da * db;
          part.difference += (da - db) * (da - db);
        }
        return part;
      });
  return {mean_a, mean_b, second.aa / n, second.bb / n, second.ab / n, second.difference / n};
}

double data_range(const Image& truth) {
  const ImageStatistics statistics = measure_statistics(truth);
  return static_cast<double>(statistics.maximum) - static_cast<double>(statistics.minimum);
}

double decibel(double ratio) {
  return ratio > 0 ? 10 * std::log10(ratio) : -std::numeric_limits<double>::infinity();
}

double psnr_db(double mse, double data_range) {
  if (!(data_range > 0) || !std::isfinite(data_range))
    fail(ErrorKind::input,
         "PSNR needs a range of grey values above 0, found {}; is the truth constant?",
         data_range);
  return 2 * decibel(data_range) - decibel(mse);
}

PixelMetrics measure_pixel_metrics(const Image& image, const Image& truth, double data_range) {
  require_equal_size(image, truth, "an image and the truth");
  const JointMoments moments = measure_joint_moments(image, truth);
  PixelMetrics metrics;
  metrics.mse = moments.mean_squared_difference();
  metrics.psnr_db = psnr_db(metrics.mse, data_range);
  metrics.fit.scale = moments.variance_a > 0 ? moments.covariance / moments.variance_a : 0.0;
  metrics.fit.offset = moments.mean_b - metrics.fit.scale * moments.mean_a;
  metrics.correlation = moments.correlation();
  metrics.fitted_mse = std::max(0.0, moments.variance_b - metrics.fit.scale * moments.covariance);
  metrics.fitted_psnr_db = psnr_db(metrics.fitted_mse, data_range);
  metrics.snr_db = decibel(moments.variance_b) - decibel(metrics.mse);
  return metrics;
}

}  // namespace limpid
