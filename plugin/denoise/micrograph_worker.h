#pragma once

#include "core/image/block_statistics.h"
#include "core/image/image.h"
#include "core/io/micrograph_file.h"
#include "core/io/mrc_writer.h"
#include "plugin/denoise/denoise_processor.h"
#include "plugin/denoise/denoised_item.h"
#include "plugin/denoise/pixel_size_notes.h"
#include "plugin/denoise/run_halves.h"
#include "plugin/denoise/stage_times.h"
#include "plugin/job/job.h"
#include "plugin/micrographs/pick_list.h"
#include "plugin/output/output_folder.h"
#include "plugin/run/progress.h"
#include "plugin/trust/white_noise.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace limpid {

// What all workers of a run share; for several threads.
struct DenoiseContext {
  const Model& model;
  const DenoiseJob& job;
  const OutputFolder& output;
  const PickList* picks;  // none: particles are not looked for in what was removed
  const Progress& progress;
  PixelSizeNotes& notes;
  WhiteNoises& noises;
  RunHalves& halves;
  StageTimes& times;
};

// Takes one micrograph after the other from its file to the file of its result: reads, denoises,
// measures, writes. Its memory is used again for the next one. For one thread.
class MicrographWorker {
 public:
  MicrographWorker(const DenoiseContext& context, DenoiseProcessor& processor)
      : context_(context), processor_(processor) {}

  // `number` counts the micrographs of the run. What concerns this one alone becomes the reason of
  // a failed result. Throws what ends a run: Error(device), Error(storage), and Error(interrupted)
  // if the run is to stop and the micrograph was not denoised yet.
  DenoisedItem process(DenoiseItem item, std::int64_t number);

 private:
  void read();
  void read_halves();
  void read_windows();
  void denoise();
  NoiseMatchedDenoiser::Report denoise_halves();
  void measure_quality();
  void measure_removed_particles();
  void write();
  MrcWriteOptions write_options() const;
  std::optional<double> pixel_size_angstrom() const;
  const std::vector<PickPosition>* picks() const;

  DenoiseContext context_;
  DenoiseProcessor& processor_;
  DenoisedItem outcome_;
  Micrograph micrograph_;                      // raw, then denoised
  std::optional<BlockStatistics> statistics_;  // of the raw one
  Image raw_;                                  // only where there are picks
  bool has_halves_ = false;
  // Denoised in its place, if it has them.
  Micrograph even_;
  Micrograph odd_;
  std::optional<double> weighting_dose_;  // that was found
  // For its quality: the middle of the raw micrograph and of its halves, empty without any.
  Image raw_window_;
  Image even_window_;
  Image odd_window_;
};

}  // namespace limpid
