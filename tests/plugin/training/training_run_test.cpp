#include "plugin/training/training_run.h"

#include "core/nn/initialize.h"
#include "tests/support/captured_log.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/training_pairs.h"

#include <atomic>
#include <cmath>
#include <filesystem>
#include <limits>

using namespace limpid;
using namespace limpid::test;

namespace {

const UNetDescription network{
    .unshuffle = 2, .channels = {16, 32}, .upsampling = Upsampling::nearest};

class SilentProgress : public Progress {
 public:
  void begin(std::string_view, std::int64_t) override {}
  void item_finished(const ItemResult&) override {}
  void training_step(std::int64_t, std::int64_t, double) override {}
  void note(std::string_view) override {}
  bool stop_requested() const override { return false; }
};

// Patterns whose first `bad_loads` loads have a target that is no number.
class SpoiltPatterns : public MemoryPairs {
 public:
  explicit SpoiltPatterns(int bad_loads) : MemoryPairs(4, 64, 64), bad_loads_(bad_loads) {}
  ImagePair load(std::int64_t index) const override {
    ImagePair pair = MemoryPairs::load(index);
    if (bad_loads_-- > 0)
      std::fill(pair.target.pixels().begin(),
                pair.target.pixels().end(),
                std::numeric_limits<float>::quiet_NaN());
    return pair;
  }

 private:
  mutable std::atomic<int> bad_loads_;
};

// Patterns with negative targets.
class SpoiltTargets : public MemoryPairs {
 public:
  using MemoryPairs::MemoryPairs;
  ImagePair load(std::int64_t index) const override {
    ImagePair pair = MemoryPairs::load(index);
    for (float& value : pair.target.pixels())
      value = -value;
    return pair;
  }
};

TrainingPlan make_test_plan(std::int64_t step_count) {
  TrainingPlan plan;
  plan.network = network;
  plan.start = initial_parameters(network, 1);
  plan.settings = {
      .batch_size = 2, .patch_size_px = 32, .step_count = step_count, .learning_rate = 3e-3f};
  plan.steps_per_epoch = 10;
  plan.loader = {.patch_size_px = plan.settings.patch_size_px,
                 .batch_size = plan.settings.batch_size,
                 .memory_bytes = 1 << 24};
  plan.settings_text = "test";
  return plan;
}

struct Trained {
  std::unique_ptr<Backend> backend = make_backend({.kind = DeviceKind::cpu});
  TemporaryFolder folder;
  CapturedLog log;
  TrainingPlan plan;
  MemoryPairs held_out{2, 64, 64};
  SilentProgress progress;

  std::unique_ptr<TrainingRun> start(const PairSource& training, const OutputFolder& output) {
    return std::make_unique<TrainingRun>(*backend,
                                         plan,
                                         training,
                                         measure_dataset(training),
                                         held_out,
                                         std::vector<std::int64_t>{0, 1},
                                         output);
  }
};

}  // namespace

TEST_CASE("training run: one that diverges goes back once, with a lower learning rate") {
  Trained trained;
  trained.plan = make_test_plan(40);
  const OutputFolder output(trained.folder.path("out"));
  const SpoiltPatterns source(4);  // all that the first loader reads
  const auto run = trained.start(source, output);
  run->run(trained.progress);
  CHECK(run->is_finished());
  CHECK_THAT(trained.log.warnings(), ContainsSubstring("not finite"));
  CHECK_THAT(trained.log.warnings(),
             ContainsSubstring("from step 0 with a learning rate of 0.0003"));
  CHECK(is_finite(run->best()));
  const auto checkpoint = read_checkpoint(output.file(TrainingRun::checkpoint_name));
  REQUIRE(checkpoint);
  CHECK(checkpoint->learning_rate_factor == Approx(0.1));
  CHECK(is_finite(checkpoint->state.values));
}

TEST_CASE("training run: one that diverges again ends, and nothing spoilt is kept") {
  Trained trained;
  trained.plan = make_test_plan(40);
  const OutputFolder output(trained.folder.path("out"));
  const SpoiltPatterns source(1000);
  const auto run = trained.start(source, output);
  CHECK_THROWS_AS(run->run(trained.progress), DivergenceError);
  CHECK_FALSE(std::filesystem::exists(output.file(TrainingRun::checkpoint_name)));
  CHECK_FALSE(std::filesystem::exists(output.file(TrainingRun::record_name)));
}

TEST_CASE("training run: patience ends a training that no longer improves, and stays ended") {
  Trained trained;
  trained.plan = make_test_plan(400);
  trained.plan.patience = 2;
  trained.plan.starts_from_model = true;
  trained.plan.settings.learning_rate = 0.0f;  // no step is better than the start
  const OutputFolder output(trained.folder.path("out"));
  const MemoryPairs source(4, 64, 64);
  const auto run = trained.start(source, output);
  run->run(trained.progress);
  CHECK(run->has_lost_patience());
  CHECK(run->is_finished());
  CHECK(run->steps_done() == 20);  // two validations, an epoch of 10 steps apart
  CHECK(run->best_step() == 0);
  CHECK(run->best() == trained.plan.start);
  const auto again = trained.start(source, output);
  CHECK(again->is_finished());
  CHECK(again->steps_done() == 20);
  trained.plan.patience = 3;
  CHECK_FALSE(trained.start(source, output)->is_finished());
}

TEST_CASE("training run: one that began with a model ends with the best mix of both") {
  Trained trained;
  trained.plan = make_test_plan(60);
  trained.plan.starts_from_model = true;
  const OutputFolder output(trained.folder.path("out"));
  const MemoryPairs source(4, 64, 64);
  const auto run = trained.start(source, output);
  run->run(trained.progress);
  Validation validation(*trained.backend, network, trained.held_out, {0, 1}, trained.plan.settings);
  CHECK(validation.measure(run->best()).loss == Approx(run->best_loss()));
  REQUIRE(run->first_loss());
  CHECK(run->best_loss() < *run->first_loss());
  const auto checkpoint = read_checkpoint(output.file(TrainingRun::checkpoint_name));
  REQUIRE(checkpoint);
  CHECK(checkpoint->best_share == run->best_share());
  for (const float share : {1.0f, 0.5f, 0.25f}) {
    ParameterValues mixed = checkpoint->state.average;
    for (std::size_t i = 0; i < mixed.size(); ++i)
      for (std::size_t j = 0; j < mixed[i].size(); ++j)
        mixed[i][j] = std::lerp(trained.plan.start[i][j], mixed[i][j], share);
    CHECK(validation.measure(mixed).loss >= run->best_loss());
  }
}

TEST_CASE("training run: what was learnt too fast is mixed with the start") {
  Trained trained;
  trained.plan = make_test_plan(40);
  const OutputFolder first(trained.folder.path("first"));
  const MemoryPairs source(4, 64, 64);
  const auto taught = trained.start(source, first);
  taught->run(trained.progress);
  // Wrong targets pull the weights away from what they are good for.
  trained.plan.start = taught->best();
  trained.plan.starts_from_model = true;
  trained.plan.settings_text = "tuned";
  const SpoiltTargets spoilt(4, 64, 64);
  const OutputFolder second(trained.folder.path("second"));
  const auto run = trained.start(spoilt, second);
  run->run(trained.progress);
  CHECK(run->best_loss() <= *run->first_loss());
  CHECK((run->best_step() == 0 || run->best_share() < 1));
}
