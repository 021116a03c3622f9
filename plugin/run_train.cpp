#include "plugin/run_train.h"

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/io/micrograph_file.h"
#include "core/nn/initialize.h"
#include "core/nn/model.h"
#include "core/train/validation.h"
#include "plugin/model_store.h"
#include "plugin/processors.h"
#include "plugin/training/training_pairs.h"
#include "plugin/training/training_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

namespace limpid {
namespace {

constexpr double default_epochs = 20;
constexpr float default_learning_rate = 1e-3f;
// Fine-tuning starts from weights that are nearly right.
constexpr float fine_tuning_rate = 3e-4f;

struct Sizes {
  std::int64_t smallest_side_px = std::numeric_limits<std::int64_t>::max();
  double pixel_count = 0;
};

// From the headers of the pairs; those that cannot be read are reported when they are loaded.
Sizes measure_sizes(const PairSource& pairs) {
  Sizes sizes;
  for (std::int64_t i = 0; i < pairs.count(); ++i) {
    try {
      const MicrographDescription description = describe_micrograph(pairs.name(i));
      sizes.smallest_side_px =
          std::min({sizes.smallest_side_px, description.width, description.height});
      sizes.pixel_count +=
          static_cast<double>(description.width) * static_cast<double>(description.height);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::input)
        throw;
    }
  }
  if (sizes.pixel_count == 0)
    fail(ErrorKind::input, "none of the {} micrographs can be read", pairs.count());
  return sizes;
}

// Side of the crops: what was asked for, or as much as suits the processor and the micrographs.
std::int64_t choose_patch_size(const TrainJob& job,
                               std::int64_t grid,
                               std::int64_t side,
                               bool gpu) {
  const std::int64_t wanted = job.patch_size_px > 0 ? job.patch_size_px : (gpu ? 512 : 192);
  if (job.patch_size_px > 0 && (wanted % grid != 0 || wanted > side))
    fail(ErrorKind::usage,
         "--patch_size {}: expected a multiple of {} up to {}, the smallest side of a micrograph",
         wanted,
         grid,
         side);
  const std::int64_t possible = std::min(wanted, side) / grid * grid;
  if (possible < 2 * grid)
    fail(ErrorKind::usage,
         "micrographs of {} pixels are too small to train on; expected at least {}",
         side,
         2 * grid);
  return possible;
}

std::string settings_text(const TrainJob& job,
                          const TrainingPlan& plan,
                          const TrainingPairs& pairs) {
  return fmt::format(
      "{}; {}; start {}; patch {}, batch {}, rate {}, epochs {}, minutes {}, held out {}, seed {}",
      to_json(plan.network),
      pairs.description,
      job.start_model.empty() ? "random" : job.start_model,
      plan.settings.patch_size_px,
      plan.settings.batch_size,
      plan.settings.learning_rate,
      job.epochs,
      job.minutes,
      job.validation_fraction,
      job.run.seed);
}

TrainingPlan make_plan(const TrainJob& job,
                       const TrainingPairs& pairs,
                       const PairSource& training,
                       const Backend& backend) {
  const bool gpu = backend.name().starts_with("cuda");
  TrainingPlan plan;
  if (job.start_model.empty()) {
    plan.network = preset_network(job.network);
    plan.start = initial_parameters(plan.network, job.run.seed);
  } else {
    Model model = load_named_model(job.start_model);
    plan.network = model.description.network;
    plan.start = std::move(model.parameters);
  }
  const Sizes sizes = measure_sizes(training);
  TrainingSettings& settings = plan.settings;
  settings.patch_size_px =
      choose_patch_size(job, plan.network.grid_px(), sizes.smallest_side_px, gpu);
  settings.batch_size = job.batch_size > 0 ? job.batch_size : (gpu ? 16 : 4);
  settings.learning_rate = job.learning_rate > 0     ? static_cast<float>(job.learning_rate)
                           : job.start_model.empty() ? default_learning_rate
                                                     : fine_tuning_rate;
  const double batch_pixels = static_cast<double>(settings.batch_size) *
                              static_cast<double>(settings.patch_size_px * settings.patch_size_px);
  plan.steps_per_epoch =
      std::max<std::int64_t>(1, std::llround(std::ceil(sizes.pixel_count / batch_pixels)));
  plan.minutes = job.minutes;
  const double epochs = job.epochs > 0 || job.minutes > 0 ? job.epochs : default_epochs;
  settings.step_count =
      static_cast<std::int64_t>(std::llround(epochs * static_cast<double>(plan.steps_per_epoch)));
  if (epochs > 0) {
    settings.step_count = std::max<std::int64_t>(settings.step_count, 1);
    plan.minutes = 0;
  }
  plan.seed = job.run.seed;
  plan.memory_bytes =
      job.run.memory_bytes > 0 ? job.run.memory_bytes : backend.free_memory_bytes() / 4;
  plan.settings_text = settings_text(job, plan, pairs);
  return plan;
}

Model describe_result(const TrainJob& job,
                      const TrainingPlan& plan,
                      const TrainingPairs& pairs,
                      const TrainingRun& run) {
  Model model;
  model.description.name = job.model_name;
  model.description.summary = job.model_summary.empty()
                                  ? fmt::format("Trained on {}", pairs.description)
                                  : job.model_summary;
  model.description.training = fmt::format(
      "{}; {}; {} steps of {} patches of {} px, Adam, learning rate {}; best "
      "validation loss {:.6g} at step {}; seed {}",
      pairs.description,
      job.start_model.empty() ? "from random weights" : "from " + job.start_model,
      run.step_count(),
      plan.settings.batch_size,
      plan.settings.patch_size_px,
      plan.settings.learning_rate,
      run.best_loss(),
      run.best_step(),
      plan.seed);
  model.description.licence = "Apache-2.0";
  model.description.network = plan.network;
  model.description.smallest_pixel_size_angstrom = pairs.smallest_pixel_size_angstrom;
  model.description.largest_pixel_size_angstrom = pairs.largest_pixel_size_angstrom;
  model.parameters = run.best();
  return model;
}

void require_enough_pairs(const TrainingPairs& pairs) {
  if (pairs.source->count() < 2)
    fail(ErrorKind::usage,
         "training on {}: at least two are needed, one of them to validate on",
         pairs.description);
}

// With the batch that was asked for; else with the largest, by halves, that fits.
std::unique_ptr<TrainingRun> prepare_run(const TrainJob& job,
                                         Backend& backend,
                                         const TrainingPairs& pairs,
                                         const PairSource& training,
                                         const Split& split,
                                         const OutputFolder& output,
                                         TrainingPlan& plan) {
  for (;;) {
    try {
      return std::make_unique<TrainingRun>(
          backend, plan, training, *pairs.source, split.validation, output);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::device || job.batch_size > 0 || plan.settings.batch_size == 1)
        throw;
      TrainJob smaller = job;
      smaller.batch_size = plan.settings.batch_size / 2;
      log_warning("{} patches do not fit in memory, trying {}: {}",
                  plan.settings.batch_size,
                  smaller.batch_size,
                  error.what());
      plan = make_plan(smaller, pairs, training, backend);
    }
  }
}

}  // namespace

std::string plan_train(const TrainJob& job) {
  const TrainingPairs pairs = find_training_pairs(job);
  require_enough_pairs(pairs);
  const auto backends = make_backends(job.run.device);
  const TrainingPlan plan = make_plan(job, pairs, *pairs.source, *backends.front());
  return fmt::format("Would train on {}: patches of {} px, {} a step, {} steps an epoch, on {}",
                     pairs.description,
                     plan.settings.patch_size_px,
                     plan.settings.batch_size,
                     plan.steps_per_epoch,
                     backends.front()->name());
}

RunSummary run_train(const TrainJob& job, const OutputFolder& output, Progress& progress) {
  const TrainingPairs pairs = find_training_pairs(job);
  require_enough_pairs(pairs);
  const Split split = split_pairs(pairs.source->count(), job.validation_fraction, job.run.seed);
  if (split.validation.empty())
    fail(ErrorKind::usage, "--validation_fraction 0: expected some micrographs to validate on");
  const auto training = select_pairs(*pairs.source, split.training);
  const auto backends = make_backends(job.run.device);
  if (backends.size() > 1)
    log_warning("training uses one GPU; the first of the {} named is taken", backends.size());
  Backend& backend = *backends.front();
  if (job.run.redo)
    std::filesystem::remove(output.file("checkpoint.safetensors"));

  TrainingPlan plan = make_plan(job, pairs, *training, backend);
  const auto run = prepare_run(job, backend, pairs, *training, split, output, plan);
  progress.note(
      fmt::format("Training on {}, {} of them to validate, on {}: patches of {} px, {} a step",
                  pairs.description,
                  split.validation.size(),
                  backend.name(),
                  plan.settings.patch_size_px,
                  plan.settings.batch_size));
  const bool was_finished = run->is_finished() && run->step_count() > 0;
  run->run(progress);

  progress.begin("model", 1);
  const std::string path = output.file("model.safetensors");
  save_model(path, describe_result(job, plan, pairs, *run));
  RunSummary summary;
  (was_finished ? summary.skipped_count : summary.done_count) = 1;
  progress.item_finished({.name = "model.safetensors",
                          .state = was_finished ? ItemState::skipped : ItemState::done,
                          .reason = {},
                          .seconds = 0,
                          .numbers = {{"steps", static_cast<double>(run->step_count())},
                                      {"best_step", static_cast<double>(run->best_step())},
                                      {"first_validation_loss", run->first_loss()},
                                      {"best_validation_loss", run->best_loss()}}});
  summary.result = fmt::format("Validation loss {:.6g} at step {} of {}\nModel: {}",
                               run->best_loss(),
                               run->best_step(),
                               run->step_count(),
                               path);
  return summary;
}

}  // namespace limpid
