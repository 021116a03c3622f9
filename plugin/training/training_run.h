#pragma once

#include "core/backend/backend.h"
#include "core/data/pair_source.h"
#include "core/train/checkpoint.h"
#include "core/train/trainer.h"
#include "core/train/training_feed.h"
#include "core/train/validation.h"
#include "plugin/output/output_folder.h"
#include "plugin/run/progress.h"
#include "plugin/training/training_plan.h"
#include "plugin/training/training_record.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace limpid {

// One training from its first step, or from its checkpoint, to its end. Leaves checkpoint and
// training.csv in the output folder after every validation.
class TrainingRun {
 public:
  static constexpr const char* checkpoint_name = "checkpoint.safetensors";
  static constexpr const char* record_name = "training.csv";

  // `dataset` is what the pairs of `training` take in memory. Throws Error(usage) when the folder
  // holds a training with other settings, or the memory does not suffice; Error(device) when the
  // batch does not fit in memory.
  TrainingRun(Backend& backend,
              const TrainingPlan& plan,
              const PairSource& training,
              const DatasetCost& dataset,
              const PairSource& all,
              const std::vector<std::int64_t>& held_out,
              const OutputFolder& output);

  const LoaderPlan& loader_plan() const { return loader_plan_; }
  bool is_finished() const {
    return trainer_.steps_done() >= trainer_.step_count() || has_lost_patience();
  }
  bool has_lost_patience() const {
    return plan_.patience > 0 && checkpoint_.validations_since_best >= plan_.patience;
  }
  // Throws Error(interrupted) after writing a checkpoint when the progress asks to stop. A training
  // that diverges goes on from its last checkpoint with a tenth of the learning rate; when it does
  // so again, throws DivergenceError.
  void run(Progress& progress);

  // What is used afterwards: the averaged weights with the least validation loss. In a training
  // that began with a model these are also weights on the way from there, and its own, as step 0.
  const ParameterValues& best() const { return checkpoint_.best; }
  double best_loss() const { return checkpoint_.best_loss; }
  std::int64_t best_step() const { return checkpoint_.best_step; }
  // How far the best weights are on the way from those of the start: 1 at what was learnt.
  double best_share() const { return checkpoint_.best_share; }
  std::int64_t step_count() const { return trainer_.step_count(); }
  // Of the network, for activations and gradients.
  std::size_t planned_memory_bytes() const { return trainer_.memory_bytes(); }
  std::int64_t steps_done() const { return trainer_.steps_done(); }
  // How much of the time that this run has spent on steps the device had none to work on: 1 - time
  // of the device in steps, by its clock, / time that went by. Without the first step, which looks
  // for the fastest kernels, validation, and checkpoints. Empty without steps.
  std::optional<double> idle_fraction() const;
  // Validation before the first step; empty if that was in an earlier run.
  std::optional<double> first_loss() const { return first_loss_; }

 private:
  void plan_memory(const DatasetCost& dataset);
  void train(Progress& progress);
  void begin_with(const ParameterValues& start);
  void go_back(const DivergenceError& error);
  void set_learning_rate();
  void take_state();
  void choose_step_count(TrainingFeed& feed, TrainingBatch& first_batch);
  void adjust_step_count();
  std::int64_t steps_to_next_validation() const;
  void validate(double training_loss);
  void keep_if_best(const ParameterValues& values, double share, double loss);
  double elapsed_s() const;
  void begin_steps();
  void end_steps();

  Backend& backend_;
  const TrainingPlan& plan_;
  const PairSource& training_;
  const OutputFolder& output_;
  Trainer trainer_;
  Validation validation_;
  Checkpoint checkpoint_;
  LoaderPlan loader_plan_;
  std::unique_ptr<TrainingRecord> record_;
  std::optional<double> first_loss_;
  double earlier_s_ = 0;  // of training in earlier runs
  bool step_count_is_estimated_ = false;
  // Of steps since begin_steps(), which is empty while other things are done; then in all.
  std::optional<std::chrono::steady_clock::time_point> steps_begin_;
  double device_s_at_begin_ = 0;
  double steps_s_ = 0;
  double device_s_ = 0;
  std::chrono::steady_clock::time_point begin_;
};

}  // namespace limpid
