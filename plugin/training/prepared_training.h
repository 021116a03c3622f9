#pragma once

#include "core/train/validation.h"
#include "plugin/job/job.h"
#include "plugin/training/training_pairs.h"

#include <cstdint>

namespace limpid {

// What `limpid prepare` has left, as something to learn from.
struct PreparedTraining {
  TrainingPairs pairs;  // one for each patch
  // The test set validates, in an order that spreads its first patches over all its micrographs;
  // without a test set, the patches of some micrographs do.
  Split split;
};

// Throws Error(usage) when the files are not as their description says, hold patches that are too
// small, or something else to learn from is given as well.
PreparedTraining find_prepared_training(const TrainJob& job, std::int64_t smallest_side_px);

}  // namespace limpid
