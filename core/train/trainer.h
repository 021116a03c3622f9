#pragma once

#include "core/backend/backend.h"
#include "core/base/error.h"
#include "core/data/blind_spots.h"
#include "core/data/patch_loader.h"
#include "core/nn/unet.h"
#include "core/train/training_feed.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace limpid {

struct TrainingSettings {
  std::int64_t batch_size = 4;
  std::int64_t patch_size_px = 256;
  std::int64_t step_count = 1000;  // of the whole training; fixes the learning rates
  float learning_rate = 1e-3f;     // at its peak
  float max_gradient_norm = 1.0f;
  // Set for pairs that are one image twice: parts of each input are hidden
  // (core/data/blind_spots.h) and only they are learnt from. In pixels.
  std::optional<std::int64_t> noise_radius_px = {};
  std::uint64_t blind_spot_seed = 0;
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

// A loss that is no finite number: there is no way on from here.
class DivergenceError : public Error {
 public:
  explicit DivergenceError(std::int64_t step);
};

bool is_finite(const ParameterValues& values);

// Minimises the weighted mean squared error by Adam. A step is: crops in, forward, loss, backward,
// update.
class Trainer {
 public:
  Trainer(Backend& backend,
          const UNetDescription& description,
          const TrainingSettings& settings,
          const ParameterValues& start);

  // Memory of the host through which batches that are made there reach the device.
  static std::size_t staging_bytes(const TrainingSettings& settings);

  // Queues one step and returns before the device has done it; so that the device always has a step
  // to go on with, waits for the step before the last at most. Batches with blind spots are made on
  // the host.
  void step(const TrainingBatch& batch);
  void step(const Batch& batch);
  // Until the device has done all steps; lets go of their batches.
  void wait();
  // Time that the device has spent in steps that were waited for, by its own clock: from the making
  // or uploading of the batch to the update of the weights.
  double device_seconds() const { return device_seconds_; }
  // Loss of the last step. Waits for the device. Throws DivergenceError.
  double loss();

  // Of the network, for activations and gradients.
  std::size_t memory_bytes() const { return network_.memory_bytes(); }
  std::int64_t steps_done() const { return steps_done_; }
  std::int64_t step_count() const { return settings_.step_count; }
  // To be set before the first step when the number of steps follows from their speed.
  void set_step_count(std::int64_t count) { settings_.step_count = count; }
  float peak_learning_rate() const { return settings_.learning_rate; }
  void set_peak_learning_rate(float rate) { settings_.learning_rate = rate; }

  TrainerState state() const;
  void restore(const TrainerState& state);
  ParameterValues average() const;

 private:
  // What a step that is under way needs until the device has done it.
  struct Turn {
    std::unique_ptr<Mark> begin;
    std::unique_ptr<Mark> end;
    std::shared_ptr<Storage> staging;  // of a batch that was made on the host
    std::shared_ptr<const DeviceBatch> batch;
    bool is_under_way = false;
  };

  Turn& next_turn();
  void finish(Turn& turn);
  void stage(const Batch& batch, std::span<float> (&parts)[3], Turn& turn);
  void run(Turn& turn);
  void hide_blind_spots(std::span<float> input,
                        std::span<const float> image_weight,
                        std::span<float> pixel_weight) const;

  Backend& backend_;
  TrainingSettings settings_;
  Parameters parameters_;
  UNet network_;
  std::unique_ptr<Loss> loss_;
  std::unique_ptr<Adam> adam_;
  std::optional<BlindSpots> blind_spots_;
  Tensor target_;
  Tensor loss_weight_;
  std::unique_ptr<Crops> crops_;
  Turn turns_[2];
  std::unique_ptr<Replay> recorded_step_;
  double device_seconds_ = 0;
  std::int64_t steps_done_ = 0;
};

}  // namespace limpid
