#pragma once

#include "core/backend/backend.h"
#include "core/data/patch_loader.h"
#include "core/nn/unet.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace limpid {

struct TrainingSettings {
  std::int64_t batch_size = 4;
  std::int64_t patch_size_px = 256;
  std::int64_t step_count = 1000;  // of the whole training; fixes the learning rates
  float learning_rate = 1e-3f;     // at its peak
  float max_gradient_norm = 1.0f;
};

// One value per parameter tensor, in PyTorch's order.
using ParameterValues = std::vector<std::vector<float>>;

// Everything that a training has learnt so far.
struct TrainerState {
  std::int64_t steps_done = 0;
  ParameterValues values;
  ParameterValues first_moment;
  ParameterValues second_moment;
  ParameterValues average;  // moving average of the values: what is used afterwards
};

// Minimises the weighted mean squared error by Adam. A step is: crops in, forward, loss, backward,
// update.
class Trainer {
 public:
  Trainer(Backend& backend,
          const UNetDescription& description,
          const TrainingSettings& settings,
          const ParameterValues& start);

  // Memory of the host through which batches reach the device.
  static std::size_t staging_bytes(const TrainingSettings& settings);

  // Queues one step; returns before the device has finished it. Waits for the step before.
  void step(const Batch& batch);
  // Loss of the last step. Waits for the device. Throws Error(internal) when it is not finite.
  double loss();

  std::int64_t steps_done() const { return steps_done_; }
  std::int64_t step_count() const { return settings_.step_count; }
  // To be set before the first step when the number of steps follows from their speed.
  void set_step_count(std::int64_t count) { settings_.step_count = count; }

  TrainerState state() const;
  void restore(const TrainerState& state);
  ParameterValues average() const;

 private:
  Backend& backend_;
  TrainingSettings settings_;
  Parameters parameters_;
  UNet network_;
  std::unique_ptr<Loss> loss_;
  std::unique_ptr<Adam> adam_;
  Tensor target_;
  Tensor loss_weight_;
  std::shared_ptr<Storage> staging_[2];  // in turns: one is filled while the device reads the other
  std::unique_ptr<Replay> recorded_step_;
  std::int64_t steps_done_ = 0;
};

}  // namespace limpid
