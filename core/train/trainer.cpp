#include "core/train/trainer.h"

#include "core/base/parallel.h"
#include "core/train/schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <span>

namespace limpid {
namespace {

constexpr std::uint64_t blind_spot_stream = 0x4000000000000000ull;

Shape batch_shape(const TrainingSettings& settings) {
  return {settings.batch_size, settings.patch_size_px, settings.patch_size_px, 1};
}

// One weight for each crop, or for each pixel where some are hidden.
Shape weight_shape(const TrainingSettings& settings) {
  return settings.noise_radius_px ? batch_shape(settings) : Shape{1, 1, 1, settings.batch_size};
}

}  // namespace

DivergenceError::DivergenceError(std::int64_t step)
    : Error(ErrorKind::internal,
            fmt::format("training diverged: the loss of step {} is not finite; a lower learning "
                        "rate may help",
                        step)) {}

bool is_finite(const ParameterValues& values) {
  return std::all_of(values.begin(), values.end(), [](const std::vector<float>& tensor) {
    return std::all_of(
        tensor.begin(), tensor.end(), [](float value) { return std::isfinite(value); });
  });
}

Trainer::Trainer(Backend& backend,
                 const UNetDescription& description,
                 const TrainingSettings& settings,
                 const ParameterValues& start)
    : backend_(backend),
      settings_(settings),
      parameters_(backend, description.parameters()),
      network_(backend, description, parameters_, batch_shape(settings), NetworkUse::training) {
  parameters_.set_values(start);
  const Shape shape = batch_shape(settings);
  loss_ = backend.make_loss({.prediction = shape});
  adam_ = backend.make_adam(
      {.max_gradient_norm = settings.max_gradient_norm, .keeps_average = true}, parameters_);
  target_ = backend.allocate_tensor(shape, DataType::float32);
  if (settings.noise_radius_px)
    blind_spots_.emplace(settings.patch_size_px, *settings.noise_radius_px);
  loss_weight_ = backend.allocate_tensor(weight_shape(settings), DataType::float32);
  for (auto& staging : staging_)
    staging = backend.allocate_staging(staging_bytes(settings) / std::size(staging_));
}

std::size_t Trainer::staging_bytes(const TrainingSettings& settings) {
  const std::size_t image_bytes = Tensor::size_bytes(batch_shape(settings), DataType::float32);
  const std::size_t weight_bytes = Tensor::size_bytes(weight_shape(settings), DataType::float32);
  return std::size(decltype(staging_){}) * (2 * image_bytes + weight_bytes);
}

void Trainer::step(const Batch& batch) {
  auto* staged = reinterpret_cast<float*>(staging_[steps_done_ % 2]->data());
  std::span<float> parts[3];
  const std::vector<float>* sources[3] = {&batch.input, &batch.target, &batch.loss_weight};
  for (int i = 0; i < 3; ++i) {
    const std::vector<float>& source = *sources[i];
    parallel_for(static_cast<std::int64_t>(source.size()),
                 1 << 18,
                 [&](std::int64_t begin, std::int64_t end) {
                   std::copy(source.begin() + begin, source.begin() + end, staged + begin);
                 });
    parts[i] = {staged, source.size()};
    staged += source.size();
  }
  if (blind_spots_) {
    parts[2] = {parts[2].data(), parts[0].size()};
    hide_blind_spots(parts[0], batch.loss_weight, parts[2]);
  }
  // The device is done with the last step, and with the staging memory of the one before.
  backend_.synchronize();
  backend_.upload(parts[0], network_.image());
  backend_.upload(parts[1], target_);
  backend_.upload(parts[2], loss_weight_);
  adam_->prepare_step(
      {.number = steps_done_ + 1,
       .learning_rate = learning_rate(steps_done_, settings_.step_count, settings_.learning_rate),
       .average_decay = average_decay(steps_done_)});
  if (recorded_step_)
    recorded_step_->run();
  else
    recorded_step_ = backend_.record([this] {
      network_.forward();
      loss_->evaluate(network_.prediction(), target_, loss_weight_, network_.prediction_gradient());
      network_.backward();
      adam_->step();
    });
  ++steps_done_;
}

void Trainer::hide_blind_spots(std::span<float> input,
                               std::span<const float> image_weight,
                               std::span<float> pixel_weight) const {
  const std::size_t pixels = input.size() / image_weight.size();
  parallel_for(settings_.batch_size, 1, [&](std::int64_t begin, std::int64_t end) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
      const std::span<float> weight = pixel_weight.subspan(i * pixels, pixels);
      const std::uint64_t stream =
          blind_spot_stream + (static_cast<std::uint64_t>(steps_done_) << 16) + i;
      blind_spots_->hide(
          input.subspan(i * pixels, pixels), weight, settings_.blind_spot_seed, stream);
      for (float& value : weight)
        value *= image_weight[i];
    }
  });
}

double Trainer::loss() {
  const double loss = loss_->value();
  if (!std::isfinite(loss))
    throw DivergenceError(steps_done_);
  return loss;
}

TrainerState Trainer::state() const {
  return {.steps_done = steps_done_,
          .values = parameters_.values(),
          .first_moment = parameters_.unpack(adam_->first_moment()),
          .second_moment = parameters_.unpack(adam_->second_moment()),
          .average = average()};
}

void Trainer::restore(const TrainerState& state) {
  parameters_.set_values(state.values);
  parameters_.pack(state.first_moment, adam_->first_moment());
  parameters_.pack(state.second_moment, adam_->second_moment());
  parameters_.pack(state.average, adam_->average());
  steps_done_ = state.steps_done;
}

ParameterValues Trainer::average() const {
  return parameters_.unpack(adam_->average());
}

}  // namespace limpid
