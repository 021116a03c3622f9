#pragma once

#include "core/backend/backend.h"
#include "core/base/bounded_queue.h"
#include "core/io/micrograph_file.h"
#include "core/io/mrc_writer.h"
#include "core/nn/model.h"
#include "plugin/denoise/noise_matched_denoiser.h"
#include "plugin/denoise/pixel_size_notes.h"
#include "plugin/job.h"
#include "plugin/micrographs/micrograph_table.h"
#include "plugin/micrographs/pick_list.h"
#include "plugin/output/output_folder.h"
#include "plugin/progress.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace limpid {

struct DenoiseItem {
  MicrographEntry entry;
  std::string fingerprint;
};

// Gives the micrographs of a run one after the other, nothing after the last. It may wait for them,
// but not once `is_over` holds.
using NextDenoiseItem =
    std::function<std::optional<DenoiseItem>(const std::function<bool()>& is_over)>;

// What became of an item: its file is complete, or the result says why there is none.
struct DenoisedItem {
  DenoiseItem item;
  ItemResult result;
  std::uint64_t size_bytes = 0;
  std::int64_t pixel_count = 0;
};

// Reads, denoises and writes micrographs in threads of their own, joined by queues of a few images:
// memory does not grow with their number. One thread reads, one for each backend denoises, the
// caller's writes.
class DenoisePipeline {
 public:
  // Reads the coordinates of the job: throws Error(usage).
  DenoisePipeline(const std::vector<std::unique_ptr<Backend>>& backends,
                  const Model& model,
                  const DenoiseJob& job,
                  const OutputFolder& output);

  // Asks for items in a thread of its own. Calls `finished` in the caller's for each; once the
  // progress asks to stop, only for those that are denoised already. Throws whatever ends a run:
  // Error(device), Error(storage).
  void run(const NextDenoiseItem& next,
           const Progress& progress,
           const std::function<void(const DenoisedItem&)>& finished);

 private:
  struct Work {
    DenoisedItem outcome;
    Micrograph micrograph;  // raw, then denoised
    // To be denoised in place of the micrograph; empty if it is denoised itself.
    Image even;
    Image odd;
    Image raw;  // only if particles are looked for in what was removed
    // For its quality: the middle of the raw micrograph and of its halves, empty without any.
    Image raw_window;
    Image even_window;
    Image odd_window;
    std::chrono::steady_clock::time_point begin;

    // The list knows better: headers are often left at 1 A or at that of the camera.
    std::optional<double> pixel_size_angstrom() const {
      const auto& from_list = outcome.item.entry.pixel_size_angstrom;
      return from_list ? from_list : micrograph.pixel_size_angstrom;
    }
  };
  using WorkPointer = std::unique_ptr<Work>;
  using WorkQueue = BoundedQueue<WorkPointer>;

  void read(const NextDenoiseItem& next,
            const std::function<bool()>& is_over,
            WorkQueue& raw) const;
  void denoise(Backend& backend,
               const Progress& progress,
               WorkQueue& raw,
               WorkQueue& denoised) const;
  void read_halves(Work& work) const;
  void read_windows(Work& work) const;
  void denoise(Work& work, NoiseMatchedDenoiser& denoiser) const;
  void measure_quality(Work& work, NoiseMatchedDenoiser& denoiser) const;
  void measure_removed_particles(Work& work) const;
  void write(Work& work) const;
  MrcWriteOptions write_options(const Work& work) const;

  const std::vector<std::unique_ptr<Backend>>& backends_;
  const Model& model_;
  const DenoiseJob& job_;
  const OutputFolder& output_;
  std::optional<PickList> picks_;
  mutable PixelSizeNotes notes_;
};

}  // namespace limpid
