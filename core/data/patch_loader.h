#pragma once

#include "core/base/bounded_queue.h"
#include "core/data/pair_source.h"
#include "core/data/patch_schedule.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace limpid {

struct LoaderOptions {
  std::int64_t patch_size_px = 256;
  std::int64_t batch_size = 4;
  std::uint64_t seed = 0;
  std::size_t memory_bytes = std::size_t{1} << 30;  // for micrographs in memory
  std::int64_t first_step = 0;                      // where a resumed run goes on
  // Asked while the first micrographs are read; if true, the constructor throws
  // Error(interrupted).
  std::function<bool()> stop_requested = {};
};

// Crops for one training step, dense (batch, height, width).
struct Batch {
  std::vector<float> input;
  std::vector<float> target;
  std::vector<float> loss_weight;  // one for each crop
};

// Random crops in random orientations from a set of pairs. Micrographs are read whole, one after
// the other, by a thread of their own, and stay in memory for many crops; at most `memory_bytes` of
// them. Batches are prepared ahead by another thread. A micrograph that cannot be read is replaced
// by the next that can, with a warning.
class PatchLoader {
 public:
  // Throws Error(input) when a pair is smaller than a patch or none can be read.
  PatchLoader(const PairSource& source, const LoaderOptions& options);
  ~PatchLoader();
  PatchLoader(const PatchLoader&) = delete;
  PatchLoader& operator=(const PatchLoader&) = delete;

  // The batch of the next step; waits for it.
  std::shared_ptr<const Batch> next();

  const PatchSchedule& schedule() const { return schedule_; }

 private:
  using PairPointer = std::shared_ptr<const ImagePair>;

  void read_ahead();
  void prepare_ahead();
  PairPointer load_or_replace(std::int64_t load);
  std::shared_ptr<Batch> make_batch(std::int64_t step) const;

  const PairSource& source_;
  LoaderOptions options_;
  PatchSchedule schedule_;
  std::vector<PairPointer> slots_;
  BoundedQueue<PairPointer> read_pairs_{1};
  BoundedQueue<std::shared_ptr<Batch>> batches_{2};
  std::thread reader_;
  std::thread preparer_;
};

// Cuts a patch out of an image, mirrored and transposed as `orientation` says (see PatchChoice).
void copy_patch(const Image& image,
                std::int64_t x,
                std::int64_t y,
                int orientation,
                std::int64_t patch_size_px,
                float* patch);

}  // namespace limpid
