#pragma once

#include "core/base/bounded_queue.h"
#include "core/base/recycler.h"
#include "core/data/loader_plan.h"
#include "core/data/pair_reader.h"
#include "core/data/pair_source.h"
#include "core/data/patch_copy.h"
#include "core/data/patch_schedule.h"

#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

namespace limpid {

// Crops for one training step, dense (batch, height, width).
struct Batch {
  std::vector<float> input;
  std::vector<float> target;
  std::vector<float> loss_weight;  // one for each crop
};

// Random crops in random orientations from a set of pairs. Micrographs are read whole, in one piece
// each, and stay in memory for many crops (pair_reader.h); batches are prepared ahead by a thread.
// Which batch a step gets is a function of the seed and the step (patch_schedule.h). Once the first
// micrographs are there, no memory is taken any more (loader_plan.h).
class PatchLoader {
 public:
  // Throws Error(usage) when the memory does not suffice, Error(input) when a pair is smaller than
  // a patch or none can be read.
  PatchLoader(const PairSource& source, const LoaderOptions& options);
  PatchLoader(const PairSource& source, const LoaderOptions& options, const LoaderPlan& plan);
  ~PatchLoader();
  PatchLoader(const PatchLoader&) = delete;
  PatchLoader& operator=(const PatchLoader&) = delete;

  // The batch of the next step; waits for it. A caller holds on to two batches at most.
  std::shared_ptr<const Batch> next();

  const PatchSchedule& schedule() const { return schedule_; }

 private:
  void read_first();
  void prepare_ahead();
  void make_batch(std::int64_t step, Batch& batch) const;
  void make_crop(std::int64_t step, std::int64_t number, Batch& batch) const;

  LoaderOptions options_;
  PatchSchedule schedule_;
  PairReader reader_;
  std::vector<PairReader::PairPointer> slots_;
  Recycler<Batch> memory_{batches_in_memory};
  BoundedQueue<std::shared_ptr<Batch>> batches_{2};
  std::thread preparer_;
};

}  // namespace limpid
