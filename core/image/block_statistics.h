#pragma once

#include "core/image/image.h"
#include "core/image/running_statistics.h"
#include "core/image/statistics.h"

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <vector>

namespace limpid {

// Statistics of an image in blocks. A narrower range looks again only at blocks that have pixels
// outside of it: few, where outliers are.
class BlockStatistics {
 public:
  // The pixels [begin, begin + count), in memory of their own or in `room`, which has space for
  // them: of a block, or of the image if that is smaller. Called from several threads.
  using Pixels =
      std::function<std::span<const float>(std::int64_t begin, std::int64_t count, float* room)>;

  // Of all finite pixels, which must outlive this and not change.
  explicit BlockStatistics(const Image& image);
  // Of pixels that are there little by little; none is looked at yet.
  explicit BlockStatistics(std::span<const float> pixels);
  BlockStatistics(std::int64_t pixel_count, Pixels pixels);

  // Measures the blocks that lie wholly in [begin, end) and are not measured yet, on the calling
  // thread: while they are in its cache. Ranges of threads that do so together are disjoint.
  void measure_range(std::int64_t begin, std::int64_t end);
  // Measures what is left, on thread_count() threads.
  void measure_rest();

  // Only pixels with low <= value <= high count from now on, of all there are.
  void keep_within(float low, float high);

  // Once all is measured.
  ImageStatistics total() const;

  std::int64_t block_count() const { return static_cast<std::int64_t>(blocks_.size()); }
  // Whether a block has pixels out of this range, whatever range is kept.
  bool has_outside(std::int64_t block, float low, float high) const;

 private:
  struct Block {
    RunningStatistics kept;  // pixels within the range
    float minimum = 0;       // of all finite pixels
    float maximum = 0;
    bool is_measured = false;
  };

  template <class Condition>
  void measure_where(const Condition& must_measure);
  void measure_block(std::int64_t index, float* room);
  std::int64_t pixels_in(std::int64_t block) const;
  std::unique_ptr<float[]> make_room() const;

  std::int64_t pixel_count_;
  bool needs_room_ = true;
  Pixels pixels_;
  float low_ = std::numeric_limits<float>::lowest();
  float high_ = std::numeric_limits<float>::max();
  std::vector<Block> blocks_;
};

}  // namespace limpid
