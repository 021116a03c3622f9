#pragma once

#include "core/image/image.h"

#include <cstdint>

// Numbers that describe the grey values of one image. All are computed on thread_count() threads
// and do not depend on their number. Pixels that are NaN or infinite are counted and otherwise left
// out.
namespace limpid {

struct ImageStatistics {
  double mean = 0;   // this and the next three are NaN when count is 0
  double sigma = 0;  // root of the mean squared deviation from the mean
  float minimum = 0;
  float maximum = 0;
  std::int64_t count = 0;  // pixels that the above are of
  std::int64_t non_finite_count = 0;
};

ImageStatistics measure_statistics(const Image& image);

// The same of the pixels with low <= value <= high.
ImageStatistics measure_statistics_within(const Image& image, float low, float high);

// The value below which `percent` of the pixels lie, 0 to 100, linearly interpolated between
// neighbouring order statistics. Throws Error(input) when no pixel is finite.
double percentile(const Image& image, double percent);

// Location and spread that outliers hardly change: the median, and the median distance from it
// times 1.4826, which is the standard deviation for a normal distribution. Throws Error(input) when
// no pixel is finite.
struct RobustScale {
  double median = 0;
  double sigma = 0;
};

RobustScale measure_robust_scale(const Image& image);

}  // namespace limpid
