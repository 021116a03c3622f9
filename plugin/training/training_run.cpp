#include "plugin/training/training_run.h"

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/train/schedule.h"
#include "core/train/training_feed.h"
#include "plugin/machine/processors.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace limpid {
namespace {

using Clock = std::chrono::steady_clock;

// The loss is read back, which waits for the device, only every so many steps.
constexpr std::int64_t steps_between_losses = 10;
constexpr std::int64_t fewest_validations = 10;
constexpr std::int64_t most_validations = 50;
constexpr double longest_s_between_checkpoints = 60;
constexpr double rate_factor_after_divergence = 0.1;
// What noisy targets teach is part signal, part noise. Weights on the way from a model that knows
// much already to what was learnt have less of both, and often the least error.
constexpr double shares_of_the_learnt[] = {0.5, 0.25};

// start + share * (learnt - start).
ParameterValues mix(const ParameterValues& start, const ParameterValues& learnt, double share) {
  ParameterValues mixed = learnt;
  for (std::size_t i = 0; i < mixed.size(); ++i)
    for (std::size_t j = 0; j < mixed[i].size(); ++j)
      mixed[i][j] = std::lerp(start[i][j], learnt[i][j], static_cast<float>(share));
  return mixed;
}

}  // namespace

TrainingRun::TrainingRun(Backend& backend,
                         const TrainingPlan& plan,
                         const PairSource& training,
                         const DatasetCost& dataset,
                         const PairSource& all,
                         const std::vector<std::int64_t>& held_out,
                         const OutputFolder& output)
    : backend_(backend),
      plan_(plan),
      training_(training),
      output_(output),
      trainer_(backend, plan.network, plan.settings, plan.start),
      validation_(backend, plan.network, all, held_out, plan.settings) {
  const std::string path = output.file(checkpoint_name);
  if (auto earlier = read_checkpoint(path)) {
    if (earlier->settings != plan.settings_text)
      fail(ErrorKind::usage,
           "'{}' belongs to a training with other settings; choose another folder, or --redo",
           path);
    checkpoint_ = std::move(*earlier);
    trainer_.restore(checkpoint_.state);
    trainer_.set_step_count(checkpoint_.step_count);
    set_learning_rate();
  } else {
    checkpoint_.network = plan.network;
    checkpoint_.settings = plan.settings_text;
    checkpoint_.step_count = trainer_.step_count();
    checkpoint_.state = trainer_.state();
  }
  plan_memory(dataset);
  record_ = std::make_unique<TrainingRecord>(output.file(record_name), trainer_.steps_done());
  if (!record_->rows().empty())
    earlier_s_ = record_->rows().back().seconds;
}

// As many micrographs in memory as in the run that is continued: the batches depend on it, and
// another machine would choose another number.
void TrainingRun::plan_memory(const DatasetCost& dataset) {
  LoaderOptions options = plan_.loader;
  options.slots = checkpoint_.slots;
  if (crops_are_made_on(backend_, plan_))
    options.device_bytes = room_for_micrographs(backend_, plan_);
  loader_plan_ = plan_loader(dataset, options);
  if (!loader_plan_.is_as_asked)
    log_warning(
        "the training was begun with {} micrographs in memory and goes on with {}, as --memory and "
        "--loader ask: its result is not that of a run without a break",
        checkpoint_.slots,
        loader_plan_.slots);
  checkpoint_.slots = loader_plan_.slots;
}

double TrainingRun::elapsed_s() const {
  return earlier_s_ + std::chrono::duration<double>(Clock::now() - begin_).count();
}

void TrainingRun::run(Progress& progress) {
  if (is_finished() && trainer_.step_count() > 0)
    return;
  begin_ = Clock::now();
  for (;;)
    try {
      return train(progress);
    } catch (const DivergenceError& error) {
      go_back(error);
    }
}

void TrainingRun::set_learning_rate() {
  trainer_.set_peak_learning_rate(plan_.settings.learning_rate *
                                  static_cast<float>(checkpoint_.learning_rate_factor));
}

void TrainingRun::go_back(const DivergenceError& error) {
  if (checkpoint_.learning_rate_factor < 1)
    throw error;
  trainer_.wait();  // which gives back the memory of micrographs
  steps_begin_.reset();
  checkpoint_.learning_rate_factor = rate_factor_after_divergence;
  trainer_.restore(checkpoint_.state);
  trainer_.set_step_count(checkpoint_.step_count);
  set_learning_rate();
  log_warning("{}: going on from step {} with a learning rate of {:g}",
              error.what(),
              trainer_.steps_done(),
              trainer_.peak_learning_rate());
}

void TrainingRun::begin_with(const ParameterValues& start) {
  const ValidationScores scores = validation_.measure(start);
  first_loss_ = scores.loss;
  if (!plan_.starts_from_model)
    return;
  if (record_->rows().empty())
    record_->add({.step = 0,
                  .epoch = 0,
                  .training_loss = 0,
                  .validation_loss = scores.loss,
                  .learning_rate = 0,
                  .seconds = elapsed_s(),
                  .psnr_db = scores.psnr_db,
                  .ssim = scores.ssim,
                  .half_error = scores.half_error});
  checkpoint_.best = start;
  checkpoint_.best_loss = *first_loss_;
  checkpoint_.best_step = 0;
}

void TrainingRun::train(Progress& progress) {
  LoaderOptions options = plan_.loader;
  options.first_step = trainer_.steps_done();
  options.stop_requested = [&] { return progress.stop_requested(); };
  TrainingFeed feed(backend_, training_, options, loader_plan_);
  TrainingBatch first_batch;
  if (trainer_.step_count() == 0)
    choose_step_count(feed, first_batch);
  if (trainer_.steps_done() == 0)
    begin_with(plan_.start);
  progress.begin("training steps", trainer_.step_count());
  double loss_sum = 0;
  std::int64_t loss_count = 0;
  std::int64_t to_validation = steps_to_next_validation();
  Clock::time_point last_checkpoint = Clock::now();
  while (!is_finished()) {
    trainer_.step(first_batch.is_empty() ? feed.next() : std::exchange(first_batch, {}));
    if (!steps_begin_)
      begin_steps();
    --to_validation;
    if (trainer_.steps_done() % steps_between_losses == 0 || to_validation == 0) {
      loss_sum += trainer_.loss();
      ++loss_count;
      progress.training_step(
          trainer_.steps_done(), trainer_.step_count(), loss_sum / static_cast<double>(loss_count));
    }
    const std::chrono::duration<double> unsaved = Clock::now() - last_checkpoint;
    const bool stop = progress.stop_requested();
    if (to_validation == 0 || is_finished()) {
      end_steps();
      validate(loss_sum / static_cast<double>(std::max<std::int64_t>(loss_count, 1)));
      loss_sum = 0;
      loss_count = 0;
      adjust_step_count();
      to_validation = steps_to_next_validation();
      last_checkpoint = Clock::now();
    } else if (stop || unsaved.count() > longest_s_between_checkpoints) {
      end_steps();
      take_state();
      write_checkpoint(output_.file(checkpoint_name), checkpoint_);
      last_checkpoint = Clock::now();
    }
    if (stop && !is_finished())
      fail(ErrorKind::interrupted,
           "stopped as asked after step {} of {}; the same command goes on from there",
           trainer_.steps_done(),
           trainer_.step_count());
  }
}

// Times steps on the first batch, then forgets them.
void TrainingRun::choose_step_count(TrainingFeed& feed, TrainingBatch& first_batch) {
  first_batch = feed.next();
  const double budget_s = 60 * plan_.minutes;
  const TrainerState start = trainer_.state();
  trainer_.set_step_count(1);
  trainer_.step(first_batch);  // records the step, warms up
  trainer_.loss();
  const Clock::time_point begin = Clock::now();
  double seconds = 0;
  std::int64_t steps = 0;
  while (steps < 3 || (seconds < 0.02 * budget_s && steps < 50)) {
    trainer_.step(first_batch);
    trainer_.loss();
    ++steps;
    seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  }
  trainer_.restore(start);
  // Validation and loading take their share, too.
  const double usable_s = 0.95 * budget_s - elapsed_s();
  trainer_.set_step_count(std::max<std::int64_t>(
      20, static_cast<std::int64_t>(usable_s * static_cast<double>(steps) / seconds)));
  step_count_is_estimated_ = true;
}

// Counts from the end of a step, so that the first one of all does not count.
void TrainingRun::begin_steps() {
  trainer_.wait();
  device_s_at_begin_ = trainer_.device_seconds();
  steps_begin_ = Clock::now();
}

void TrainingRun::end_steps() {
  trainer_.wait();
  if (!steps_begin_)
    return;
  device_s_ += trainer_.device_seconds() - device_s_at_begin_;
  steps_s_ += std::chrono::duration<double>(Clock::now() - *steps_begin_).count();
  steps_begin_.reset();
}

std::optional<double> TrainingRun::idle_fraction() const {
  return device_s_ > 0 ? std::optional(std::max(0.0, 1 - device_s_ / steps_s_)) : std::nullopt;
}

// Until most of the time is over, the number of steps follows their speed as it turns out to be.
void TrainingRun::adjust_step_count() {
  const double budget_s = 60 * plan_.minutes;
  if (!step_count_is_estimated_ || is_finished() || elapsed_s() > 0.8 * budget_s)
    return;
  const double step_s = elapsed_s() / static_cast<double>(trainer_.steps_done());
  trainer_.set_step_count(
      std::max(trainer_.steps_done() + 1, static_cast<std::int64_t>(budget_s / step_s)));
}

std::int64_t TrainingRun::steps_to_next_validation() const {
  const std::int64_t count = trainer_.step_count();
  const std::int64_t interval = std::clamp(plan_.steps_per_epoch,
                                           std::max<std::int64_t>(1, count / most_validations),
                                           std::max<std::int64_t>(1, count / fewest_validations));
  // On multiples of the interval, so that a continued run validates at the same steps.
  return std::min(interval - trainer_.steps_done() % interval, count - trainer_.steps_done());
}

// Never of a training that has diverged.
void TrainingRun::take_state() {
  trainer_.loss();
  TrainerState state = trainer_.state();
  if (!is_finite(state.values) || !is_finite(state.average))
    throw DivergenceError(state.steps_done);
  checkpoint_.state = std::move(state);
  checkpoint_.step_count = trainer_.step_count();
}

void TrainingRun::keep_if_best(const ParameterValues& values, double share, double loss) {
  if (!checkpoint_.best.empty() && !(loss < checkpoint_.best_loss))
    return;
  checkpoint_.best = values;
  checkpoint_.best_loss = loss;
  checkpoint_.best_step = trainer_.steps_done();
  checkpoint_.best_share = share;
  checkpoint_.validations_since_best = 0;
}

void TrainingRun::validate(double training_loss) {
  const std::int64_t done = trainer_.steps_done();
  const ValidationScores scores = validation_.measure(trainer_.average());
  if (!std::isfinite(scores.loss))
    throw DivergenceError(done);
  take_state();
  ++checkpoint_.validations_since_best;
  keep_if_best(checkpoint_.state.average, 1, scores.loss);
  if (plan_.starts_from_model)
    for (const double share : shares_of_the_learnt) {
      const ParameterValues mixed = mix(plan_.start, checkpoint_.state.average, share);
      keep_if_best(mixed, share, validation_.measure(mixed).loss);
    }
  // The row first: a continued run writes those again that are ahead of its checkpoint.
  record_->add({.step = done,
                .epoch = static_cast<double>(done) / static_cast<double>(plan_.steps_per_epoch),
                .training_loss = training_loss,
                .validation_loss = scores.loss,
                .learning_rate = static_cast<double>(
                    learning_rate(done - 1, trainer_.step_count(), trainer_.peak_learning_rate())),
                .seconds = elapsed_s(),
                .psnr_db = scores.psnr_db,
                .ssim = scores.ssim,
                .half_error = scores.half_error});
  write_checkpoint(output_.file(checkpoint_name), checkpoint_);
  log_debug(
      "step {}: training loss {:.6f}, validation loss {:.6f}", done, training_loss, scores.loss);
}

}  // namespace limpid
