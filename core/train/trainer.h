#pragma once

#include "core/backend/backend.h"
#include "core/base/error.h"
#include "core/data/blind_spots.h"
#include "core/data/patch_loader.h"
#include "core/nn/unet.h"

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

  // Memory of the host through which batches reach the device.
  static std::size_t staging_bytes(const TrainingSettings& settings);

  // Queues one step; returns before the device has finished it. Waits for the step before.
  void step(const Batch& batch);
  // Loss of the last step. Waits for the device. Throws DivergenceError.
  double loss();

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
  std::shared_ptr<Storage> staging_[2];  // in turns: one is filled while the device reads the other
  std::unique_ptr<Replay> recorded_step_;
  std::int64_t steps_done_ = 0;
};

}  // namespace limpid
