#pragma once

#include "core/backend/backend.h"
#include "core/base/ordered_queue.h"
#include "core/io/micrograph_file.h"
#include "core/nn/model.h"
#include "plugin/denoise/denoise_processor.h"
#include "plugin/denoise/denoised_item.h"
#include "plugin/denoise/micrograph_worker.h"
#include "plugin/denoise/numbered_items.h"
#include "plugin/denoise/pixel_size_notes.h"
#include "plugin/denoise/run_halves.h"
#include "plugin/denoise/stage_times.h"
#include "plugin/denoise/worker_plan.h"
#include "plugin/job/job.h"
#include "plugin/micrographs/pick_list.h"
#include "plugin/output/output_folder.h"
#include "plugin/run/progress.h"

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <vector>

namespace limpid {

// Reads, denoises and writes micrographs with a fixed number of workers (worker_plan.h), each of
// which has memory for one: it does not grow with their number.
class DenoisePipeline {
 public:
  // Reads the coordinates of the job: throws Error(usage).
  DenoisePipeline(std::vector<std::unique_ptr<Backend>> backends,
                  const Model& model,
                  const DenoiseJob& job,
                  const OutputFolder& output);

  // Asks for items in threads of its own, in one at a time. Calls `finished` in the caller's for
  // each, in the order in which they were given; once the progress asks to stop, only for those
  // that are denoised already. Throws whatever ends a run, behind all items before it:
  // Error(device), Error(storage). To be called once: it gives the backends back, which goes on
  // after it has returned.
  void run(const NextDenoiseItem& next,
           const Progress& progress,
           const std::function<void(const DenoisedItem&)>& finished);

  // What the halves of the first micrographs have in common; of none where nothing was denoised.
  HalfCheck halves() const { return halves_.result(); }

 private:
  // Of an item: what became of it, or what ended the run there; neither if it was given up because
  // the run is to stop. Behind the last item: that it was the last.
  struct Outcome {
    std::optional<DenoisedItem> item;
    std::exception_ptr error;
    bool is_end = false;
  };
  using Outcomes = OrderedQueue<Outcome>;

  std::vector<std::unique_ptr<DenoiseProcessor>> make_processors(const Progress& progress,
                                                                 const WorkerPlan& plan) const;
  void release(std::vector<std::unique_ptr<DenoiseProcessor>> processors);
  // Of a micrograph; nothing of one that will fail when its turn comes.
  std::optional<MicrographDescription> describe(const DenoiseItem& item) const;
  WorkerPlan plan_for(const std::optional<MicrographDescription>& first) const;
  std::int64_t images_per_worker() const;
  void work(MicrographWorker& worker,
            const DenoiseProcessor& processor,
            NumberedItems& items,
            Outcomes& outcomes) const;
  static Outcome outcome_of(MicrographWorker& worker, NumberedItems::Numbered numbered);
  void log_times(double elapsed_seconds) const;

  std::vector<std::unique_ptr<Backend>> backends_;
  const Model& model_;
  const DenoiseJob& job_;
  const OutputFolder& output_;
  std::optional<PickList> picks_;
  PixelSizeNotes notes_;
  WhiteNoises noises_;
  RunHalves halves_;
  StageTimes times_;
  mutable std::atomic<int> busy_workers_ = 0;
  std::future<void> releasing_;  // of what is used no more
};

}  // namespace limpid
