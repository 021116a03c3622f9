#pragma once

#include "core/nn/unet_description.h"
#include "core/train/trainer.h"

#include <cstdint>
#include <optional>
#include <string>

namespace limpid {

// Where a training stands: enough to go on as if it had never stopped.
struct Checkpoint {
  UNetDescription network;
  // What must be equal for a continuation to be the same training; compared as text.
  std::string settings;
  std::int64_t step_count = 0;
  TrainerState state;
  // The best averaged weights so far by validation; empty before the first validation.
  ParameterValues best;
  double best_loss = 0;
  std::int64_t best_step = 0;
  double best_share =
      1;  // of the learnt in them; the rest is the model that the training began with
  // Micrographs in memory at a time, on which the batches depend; 0: not known.
  std::int64_t slots = 0;
  std::int64_t validations_since_best = 0;
  // Below 1 after the training has diverged and gone back to a checkpoint.
  double learning_rate_factor = 1;
};

// A safetensors file, written under a temporary name and renamed: a kill leaves the one before.
void write_checkpoint(const std::string& path, const Checkpoint& checkpoint);
// Throws Error(model) for a damaged file; nothing when there is none.
std::optional<Checkpoint> read_checkpoint(const std::string& path);

}  // namespace limpid
