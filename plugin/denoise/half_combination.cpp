#include "plugin/denoise/half_combination.h"

#include "core/base/parallel.h"
#include "core/metrics/psnr.h"

namespace limpid {

void combine_halves(Image& even, const Image& odd, Image& micrograph) {
  Image& sum = even;
  parallel_for(sum.height(), 256, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t y = begin; y < end; ++y)
      for (std::int64_t x = 0; x < sum.width(); ++x)
        sum.at(x, y) += odd.at(x, y);
  });
  const JointMoments moments = measure_joint_moments(sum, micrograph);
  // Halves in which the model finds nothing at all have no scale of their own.
  const double factor = moments.variance_a > 0 ? moments.covariance / moments.variance_a : 1.0;
  parallel_for(sum.height(), 256, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t y = begin; y < end; ++y)
      for (std::int64_t x = 0; x < sum.width(); ++x)
        micrograph.at(x, y) = static_cast<float>(
            moments.mean_b + factor * (static_cast<double>(sum.at(x, y)) - moments.mean_a));
  });
}

}  // namespace limpid
