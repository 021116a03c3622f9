#pragma once

#include "core/backend/backend.h"
#include "core/train/trainer.h"
#include "plugin/job/job.h"
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
  bool knows_weighted_noise = false;
};

struct TrainingPlan {
  UNetDescription network;
  ParameterValues start;
  TrainingSettings settings;  // step_count 0: follows from `minutes`
  bool starts_from_model = false;
  double minutes = 0;
  std::int64_t patience = 0;  // validations without improvement that end the training; 0: none do
  std::int64_t steps_per_epoch = 1;
  LoaderOptions loader;              // of a run from its first step on; without a GPU's memory
  std::size_t gpu_memory_bytes = 0;  // that the run may use; 0: what is free
  std::string settings_text;         // what a continuation must share
};

// Throws Error(model), or Error(usage) for an unknown network.
TrainingStart choose_start(const TrainJob& job);

// Micrographs with a shorter side are of no use.
std::int64_t smallest_useful_side_px(const TrainJob& job, const UNetDescription& network);

// Whether micrographs shall lie in the memory of the backend: on a GPU, unless pixels are hidden.
bool crops_are_made_on(const Backend& backend, const TrainingPlan& plan);
// What they may take there once the network is in it.
std::size_t room_for_micrographs(const Backend& backend, const TrainingPlan& plan);

// Fills in what the job leaves open. `sizes` are of the pairs to train on. Throws Error(usage).
TrainingPlan make_plan(const TrainJob& job,
                       const TrainingStart& start,
                       const TrainingPairs& pairs,
                       const std::vector<PairSize>& sizes,
                       const Backend& backend);

}  // namespace limpid
