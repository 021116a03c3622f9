#include "plugin/run/run_train.h"

#include "core/backend/host/host_memory.h"
#include "core/base/error.h"
#include "core/base/log.h"
#include "core/data/watched_pairs.h"
#include "core/nn/model.h"
#include "core/train/validation.h"
#include "plugin/html_report/training_page.h"
#include "plugin/logfile/job_logfiles.h"
#include "plugin/machine/processors.h"
#include "plugin/models/model_store.h"
#include "plugin/output/input_protection.h"
#include "plugin/training/example_picture.h"
#include "plugin/training/known_noise.h"
#include "plugin/training/physics_pairs.h"
#include "plugin/training/prepared_training.h"
#include "plugin/training/removed_noise.h"
#include "plugin/training/training_halves.h"
#include "plugin/training/training_pairs.h"
#include "plugin/training/training_plan.h"
#include "plugin/training/training_run.h"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace limpid {
namespace {

constexpr const char* model_name = "model.safetensors";

// The micrographs of a training, told apart by their use.
struct TrainingSet {
  TrainingPairs pairs;
  Split split;
  std::unique_ptr<PairSource> training;  // a part of pairs.source
  std::vector<PairSize> training_sizes;
  DatasetCost training_cost;
};

TrainingSet find_physics_set(const TrainJob& job, std::int64_t smallest_side_px) {
  TrainingSet set;
  set.pairs = find_physics_pairs(job, smallest_side_px);
  for (std::int64_t i = 0; i < physics_validation_count; ++i)
    set.split.validation.push_back(i);
  set.training =
      make_physics_pairs(job.physics, job.run.seed, physics_validation_count, set.pairs.exposers);
  set.training_cost = measure_dataset(*set.training);
  // All are alike.
  set.training_sizes = {set.pairs.sizes.front()};
  return set;
}

TrainingSet find_training_set(const TrainJob& job, const UNetDescription& network) {
  TrainingSet set;
  const std::int64_t smallest_side_px = smallest_useful_side_px(job, network);
  if (!job.patches_folder.empty() && job.pairs != PairKind::physics) {
    PreparedTraining prepared = find_prepared_training(job, smallest_side_px);
    set.pairs = std::move(prepared.pairs);
    set.split = std::move(prepared.split);
  } else if (job.pairs == PairKind::physics) {
    return find_physics_set(job, smallest_side_px);
  } else {
    set.pairs = find_training_pairs(job, smallest_side_px);
    set.split = split_pairs(set.pairs.source->count(), job.validation_fraction, job.run.seed);
  }
  if (set.pairs.source->count() < 2)
    fail(ErrorKind::usage,
         "training on {}: at least two are needed, one of them to validate on",
         set.pairs.description);
  if (set.split.validation.empty())
    fail(ErrorKind::usage, "--validation_fraction 0: expected some micrographs to validate on");
  set.pairs.source = watch_files(std::move(set.pairs.source));
  set.training = select_pairs(*set.pairs.source, set.split.training);
  set.training_cost = measure_dataset(*set.training);
  for (const std::int64_t index : set.split.training)
    set.training_sizes.push_back(set.pairs.sizes[static_cast<std::size_t>(index)]);
  return set;
}

void check_results(const TrainJob& job, const TrainingSet& set, const OutputFolder& output) {
  std::vector<std::string> inputs = set.pairs.files;
  inputs.push_back(job.input.star_file);
  if (!job.start_model.empty())
    inputs.push_back(find_model(job.start_model));
  forbid_replacing_inputs(inputs,
                          {output.file(model_name),
                           output.file(TrainingRun::checkpoint_name),
                           output.file(TrainingRun::record_name)});
}

// Nothing for weights as they were learnt.
std::string describe_share(const TrainingRun& run) {
  return run.best_share() < 1 ? fmt::format(" ({:g} % of the way from the model it began with)",
                                            100 * run.best_share())
                              : std::string();
}

// Weights that were kept are used as before, with the pixel sizes that they know.
bool is_start_kept(const TrainingPlan& plan, const TrainingRun& run) {
  return plan.starts_from_model && run.best_step() == 0;
}

Model describe_result(const TrainJob& job,
                      const TrainingStart& start,
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
      "validation loss {:.6g} at step {}{}; seed {}",
      pairs.description,
      job.start_model.empty() ? "from random weights" : "from " + job.start_model,
      run.steps_done(),
      plan.settings.batch_size,
      plan.settings.patch_size_px,
      plan.settings.learning_rate,
      run.best_loss(),
      run.best_step(),
      describe_share(run),
      plan.loader.seed);
  model.description.licence = "Apache-2.0";
  model.description.network = plan.network;
  const bool is_kept = is_start_kept(plan, run);
  model.description.smallest_pixel_size_angstrom =
      is_kept ? start.smallest_pixel_size_angstrom : pairs.smallest_pixel_size_angstrom;
  model.description.largest_pixel_size_angstrom =
      is_kept ? start.largest_pixel_size_angstrom : pairs.largest_pixel_size_angstrom;
  model.description.knows_weighted_noise =
      start.knows_weighted_noise || (!is_kept && teaches_weighted_noise(pairs));
  model.parameters = run.best();
  return model;
}

// With the batch that was asked for; else with the largest, by halves, that fits.
std::unique_ptr<TrainingRun> prepare_run(const TrainJob& job,
                                         const TrainingStart& start,
                                         const TrainingSet& set,
                                         Backend& backend,
                                         const OutputFolder& output,
                                         TrainingPlan& plan) {
  plan = make_plan(job, start, set.pairs, set.training_sizes, backend);
  for (;;) {
    try {
      return std::make_unique<TrainingRun>(backend,
                                           plan,
                                           *set.training,
                                           set.training_cost,
                                           *set.pairs.source,
                                           set.split.validation,
                                           output);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::device || job.batch_size > 0 || plan.settings.batch_size == 1)
        throw;
      TrainJob smaller = job;
      smaller.batch_size = plan.settings.batch_size / 2;
      log_warning("{} patches do not fit in memory, trying {}: {}",
                  plan.settings.batch_size,
                  smaller.batch_size,
                  error.what());
      plan = make_plan(smaller, start, set.pairs, set.training_sizes, backend);
    }
  }
}

// The plan goes by what there is in all, so that a continued run finds the same.
void warn_of_memory(const LoaderPlan& plan) {
  constexpr double megabyte = 1e6;
  const std::size_t free_bytes = free_host_memory_bytes();
  if (plan.used_bytes > free_bytes)
    log_warning(
        "the training data may take {:.0f} MB of memory and {:.0f} MB are free now; a smaller "
        "--memory leaves room for other programs",
        static_cast<double>(plan.used_bytes) / megabyte,
        static_cast<double>(free_bytes) / megabyte);
}

// Whether the file holds this model already.
bool is_written(const std::string& path, const Model& model) {
  try {
    const Model stored = load_model(path);
    return stored.description == model.description && stored.parameters == model.parameters;
  } catch (const Error&) {
    return false;  // absent or damaged: to be written anew
  }
}

std::string text_of(const HalfCheck& halves) {
  return halves.text("what they share will be learnt as signal");
}

// What `auto` chose, and whether halves are independent.
HalfCheck say_what_was_found(const TrainJob& job, const TrainingPairs& pairs, Progress& progress) {
  if (job.pairs == PairKind::automatic)
    progress.note(fmt::format("Found {}: --pairs {}", pairs.description, name(pairs.kind)));
  const HalfCheck halves = check_halves(pairs);
  if (halves.micrograph_count == 0)
    return halves;
  if (halves.noise.is_independent())
    progress.note(text_of(halves));
  else
    log_warning("{}", text_of(halves));
  return halves;
}

std::string describe_end(const TrainingRun& run, const Backend& backend, const std::string& path) {
  std::string text = fmt::format("Validation loss {:.6g} at step {} of {}{}\n",
                                 run.best_loss(),
                                 run.best_step(),
                                 run.step_count(),
                                 describe_share(run));
  if (run.has_lost_patience())
    text += fmt::format("Stopped at step {}: no improvement since\n", run.steps_done());
  if (run.best_step() == 0)
    text += "No step was better than the model it began with, which is kept\n";
  if (is_gpu(backend) && run.idle_fraction())
    text +=
        fmt::format("GPU idle for {:.1f} % of the time of the steps\n", 100 * *run.idle_fraction());
  return text + "Model: " + path;
}

}  // namespace

std::string plan_train(const TrainJob& job) {
  const TrainingStart start = choose_start(job);
  const TrainingSet set = find_training_set(job, start.network);
  const auto backends = make_limited_backends(job.run);
  TrainingPlan plan = make_plan(job, start, set.pairs, set.training_sizes, *backends.front());
  if (crops_are_made_on(*backends.front(), plan)) {
    // What is free is known once the network is there.
    const Trainer trainer(*backends.front(), plan.network, plan.settings, plan.start);
    plan.loader.device_bytes = room_for_micrographs(*backends.front(), plan);
  }
  const LoaderPlan loader = plan_loader(set.training_cost, plan.loader);
  return fmt::format("Would train on {}: patches of {} px, {} a step, {} steps an epoch, on {}\n{}",
                     set.pairs.description,
                     plan.settings.patch_size_px,
                     plan.settings.batch_size,
                     plan.steps_per_epoch,
                     backends.front()->name(),
                     describe(loader));
}

RunSummary run_train(const TrainJob& job, const OutputFolder& output, Progress& progress) {
  const TrainingStart start = choose_start(job);
  const TrainingSet set = find_training_set(job, start.network);
  check_results(job, set, output);
  const auto backends = make_limited_backends(job.run);
  if (backends.size() > 1)
    log_warning("training uses one GPU; the first of the {} named is taken", backends.size());
  Backend& backend = *backends.front();
  if (job.run.redo)
    std::filesystem::remove(output.file(TrainingRun::checkpoint_name));

  if (set.pairs.exposers)
    set.pairs.exposers->use(backend);
  const HalfCheck halves = say_what_was_found(job, set.pairs, progress);

  if (set.pairs.noise_spectrum)
    *set.pairs.noise_spectrum =
        measure_removed_noise(backend, start, set.pairs, set.split.training);

  TrainingPlan plan;
  const auto run = prepare_run(job, start, set, backend, output, plan);
  progress.note(
      fmt::format("Training on {}, {} of them to validate, on {}: patches of {} px, {} a step",
                  set.pairs.description,
                  set.split.validation.size(),
                  backend.name(),
                  plan.settings.patch_size_px,
                  plan.settings.batch_size));
  progress.note(describe(run->loader_plan()));
  warn_of_memory(run->loader_plan());
  run->run(progress);
  if (backend.taken_memory_bytes() > 0)
    progress.note(fmt::format(
        "GPU memory: {:.2f} GB for activations and gradients as planned, {:.2f} GB in all",
        static_cast<double>(run->planned_memory_bytes()) / 1e9,
        static_cast<double>(backend.taken_memory_bytes()) / 1e9));

  progress.begin("model", 1);
  const std::string path = output.file(model_name);
  const Model model = describe_result(job, start, plan, set.pairs, *run);
  const bool was_finished = is_written(path, model);
  if (!was_finished)
    save_model(path, model);
  RunSummary summary;
  (was_finished ? summary.skipped_count : summary.done_count) = 1;
  ItemResult result{.name = model_name,
                    .state = was_finished ? ItemState::skipped : ItemState::done,
                    .reason = {},
                    .seconds = 0,
                    .numbers = {{"steps", static_cast<double>(run->steps_done())},
                                {"best_step", static_cast<double>(run->best_step())},
                                {"best_validation_loss", run->best_loss()}}};
  result.numbers.merge(halves.numbers());
  if (is_gpu(backend) && run->idle_fraction())
    result.numbers["gpu_idle_fraction"] = *run->idle_fraction();
  if (run->first_loss())
    result.numbers["first_validation_loss"] = *run->first_loss();
  progress.item_finished(result);
  summary.result = describe_end(*run, backend, path);
  if (halves.micrograph_count > 0) {
    summary.result += "\n" + text_of(halves);
    if (!halves.noise.is_independent())
      summary.warnings.push_back(text_of(halves));
  }
  const TrainingRecord record(output.file(TrainingRun::record_name), run->step_count());
  std::vector<ComparisonPicture> pictures;
  if (auto picture = example_picture(
          backend, model, *set.pairs.source, set.split.validation.front(), set.pairs.has_truth()))
    pictures.push_back(std::move(*picture));
  write_training_logfile(output.file("logfile.pdf"), record.rows(), pictures, summary);
  summary.page =
      training_page(record.rows(),
                    std::move(pictures),
                    {model.description.training, "On " + backend.name(), "Model: " + path},
                    summary);
  return summary;
}

}  // namespace limpid
