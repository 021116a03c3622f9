#pragma once

#include "core/image/image.h"
#include "core/image/running_statistics.h"
#include "core/image/statistics.h"

#include <limits>
#include <vector>

namespace limpid {

// Statistics of an image in blocks. A narrower range looks again only at blocks that have pixels
// outside of it: few, where outliers are.
class BlockStatistics {
 public:
  // Of all finite pixels. `image` must outlive this and not change.
  explicit BlockStatistics(const Image& image);

  // Only pixels with low <= value <= high count from now on, of all in the image.
  void keep_within(float low, float high);

  ImageStatistics total() const;

 private:
  template <class Condition>
  void measure(const Condition& must_measure);

  const Image& image_;
  float low_ = std::numeric_limits<float>::lowest();
  float high_ = std::numeric_limits<float>::max();
  std::vector<RunningStatistics> blocks_;
};

}  // namespace limpid
