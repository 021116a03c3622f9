#include "plugin/training/training_plan.h"

#include "core/base/error.h"
#include "core/train/validation.h"
#include "tests/support/catch.h"

using namespace limpid;

namespace {

TrainingPlan plan_for(const TrainJob& job, const std::vector<PairSize>& sizes) {
  const auto backend = make_backend({.kind = DeviceKind::cpu});
  TrainingPairs pairs;
  pairs.description = "4 micrographs";
  pairs.fingerprint = "abc";
  pairs.sizes = sizes;
  return make_plan(job, choose_start(job), pairs, sizes, *backend);
}

const std::vector<PairSize> four_of_256(4, PairSize{256, 256});

}  // namespace

TEST_CASE("training plan: crops as large as the smallest micrograph allows, on the grid") {
  CHECK(plan_for({}, {{4096, 4096}, {4096, 4096}}).settings.patch_size_px == 192);
  const std::int64_t grid = preset_network("default").grid_px();
  CHECK(plan_for({}, {{4096, 4096}, {300, 150}}).settings.patch_size_px == 150 / grid * grid);
  TrainJob job;
  job.patch_size_px = 4 * grid;
  CHECK(smallest_useful_side_px(job, preset_network("default")) == 4 * grid);
  CHECK(plan_for(job, four_of_256).settings.patch_size_px == 4 * grid);
  job.patch_size_px = 4 * grid + 1;
  CHECK_THROWS_WITH(smallest_useful_side_px(job, preset_network("default")),
                    ContainsSubstring("multiple of"));
}

TEST_CASE("training plan: an epoch sees as many pixels as there are") {
  TrainJob job;
  job.epochs = 3;
  job.batch_size = 2;
  job.patch_size_px = 128;
  const TrainingPlan plan = plan_for(job, four_of_256);
  CHECK(plan.steps_per_epoch == 8);
  CHECK(plan.settings.step_count == 24);
  job.epochs = 0.01;
  CHECK(plan_for(job, four_of_256).settings.step_count == 1);
}

TEST_CASE("training plan: twenty epochs unless something is asked for") {
  const TrainingPlan plan = plan_for({}, four_of_256);
  CHECK(plan.settings.step_count == 20 * plan.steps_per_epoch);
  TrainJob job;
  job.minutes = 2;
  CHECK(plan_for(job, four_of_256).settings.step_count == 0);
  CHECK(plan_for(job, four_of_256).minutes == 2);
}

TEST_CASE("training plan: the memory is the same at any time") {
  CHECK(plan_for({}, four_of_256).loader.memory_bytes ==
        plan_for({}, four_of_256).loader.memory_bytes);
  TrainJob job;
  job.run.memory_bytes = 1000;
  CHECK(plan_for(job, four_of_256).loader.memory_bytes == 1000);
}

TEST_CASE("training plan: what a continuation must share is in the settings") {
  const std::string settings = plan_for({}, four_of_256).settings_text;
  CHECK(settings == plan_for({}, four_of_256).settings_text);
  TrainJob job;
  job.run.seed = 1;
  CHECK(settings != plan_for(job, four_of_256).settings_text);
  job = {};
  job.network = "classic";
  CHECK(settings != plan_for(job, four_of_256).settings_text);
  job = {};
  job.learning_rate = 0.5;
  CHECK(settings != plan_for(job, four_of_256).settings_text);
  // Neither of these changes the result.
  job = {};
  job.run.threads = 1;
  job.model_name = "other";
  CHECK(settings == plan_for(job, four_of_256).settings_text);
}

TEST_CASE("training plan: a thousand new micrographs make an epoch of simulated ones") {
  const auto backend = make_backend({.kind = DeviceKind::cpu});
  TrainJob job;
  job.pairs = PairKind::physics;
  job.physics = {.micrograph_size_px = 512, .crops_per_micrograph = 24};
  job.batch_size = 6;
  job.epochs = 0.5;
  TrainingPairs pairs;
  pairs.kind = PairKind::physics;
  pairs.sizes.assign(16, {512, 512});
  const TrainingPlan plan = make_plan(job, choose_start(job), pairs, {{512, 512}}, *backend);
  CHECK(plan.steps_per_epoch == 4000);
  CHECK(plan.settings.step_count == 2000);
  CHECK(plan.loader.crops_per_load == 24);
  // The crops that validate are counted.
  CHECK(plan.loader.reserved_bytes == Validation::largest_bytes(16, plan.settings));
  job.physics.crops_per_micrograph = 25;
  CHECK(make_plan(job, choose_start(job), pairs, {{512, 512}}, *backend).settings_text !=
        plan.settings_text);
}
