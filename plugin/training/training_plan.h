#pragma once

#include "core/backend/backend.h"
#include "core/train/trainer.h"
#include "plugin/job.h"
#include "plugin/training/training_pairs.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace limpid {

// The weights that a training begins with, and the network they belong to.
struct TrainingStart {
  UNetDescription network;
  ParameterValues values;
  std::string name;  // "random", or the model with its hash
  // Of the model; empty when unknown.
  std::optional<double> smallest_pixel_size_angstrom;
  std::optional<double> largest_pixel_size_angstrom;
};

struct TrainingPlan {
  UNetDescription network;
  ParameterValues start;
  TrainingSettings settings;  // step_count 0: follows from `minutes`
  bool starts_from_model = false;
  double minutes = 0;
  std::int64_t patience = 0;  // validations without improvement that end the training; 0: none do
  std::int64_t steps_per_epoch = 1;
  LoaderOptions loader;       // of a run from its first step on
  std::string settings_text;  // what a continuation must share
};

// Throws Error(model), or Error(usage) for an unknown network.
TrainingStart choose_start(const TrainJob& job);

// Micrographs with a shorter side are of no use.
std::int64_t smallest_useful_side_px(const TrainJob& job, const UNetDescription& network);

// Fills in what the job leaves open. `sizes` are of the pairs to train on. Throws Error(usage).
TrainingPlan make_plan(const TrainJob& job,
                       const TrainingStart& start,
                       const TrainingPairs& pairs,
                       const std::vector<PairSize>& sizes,
                       const Backend& backend);

}  // namespace limpid
