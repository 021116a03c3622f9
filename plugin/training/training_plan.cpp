#include "plugin/training/training_plan.h"

#include "core/backend/host/host_memory.h"
#include "core/base/error.h"
#include "core/io/printable.h"
#include "core/nn/initialize.h"
#include "core/nn/model.h"
#include "core/train/training_feed.h"
#include "core/train/validation.h"
#include "plugin/machine/processors.h"
#include "plugin/models/model_store.h"
#include "plugin/training/physics_pairs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace limpid {
namespace {

constexpr double default_epochs = 20;
constexpr float default_learning_rate = 1e-3f;
// Fine-tuning starts from weights that are nearly right (tools/own_data).
constexpr float fine_tuning_rate = 3e-5f;

// Side of the crops: what was asked for, or as much as suits the processor and the micrographs.
std::int64_t choose_patch_size(const TrainJob& job,
                               std::int64_t grid,
                               const std::vector<PairSize>& sizes,
                               bool gpu) {
  if (job.patch_size_px > 0)
    return job.patch_size_px;
  std::int64_t side = gpu ? 512 : 192;
  for (const PairSize& size : sizes)
    side = std::min(side, size.side());
  return side / grid * grid;
}

// As many as have the pixels of all micrographs.
double covering_crops(const std::vector<PairSize>& sizes, std::int64_t patch_size_px) {
  double pixel_count = 0;
  for (const PairSize& size : sizes)
    pixel_count += static_cast<double>(size.width) * static_cast<double>(size.height);
  return pixel_count / static_cast<double>(patch_size_px * patch_size_px);
}

// Not the number of free bytes, which is another each time: with it would change which micrographs
// are in memory at which step, and a continued run would differ from one without a break.
std::size_t default_memory_bytes() {
  return host_memory_bytes() / 4;
}

LoaderOptions loader_options(const TrainJob& job,
                             const TrainingSettings& settings,
                             const TrainingPairs& pairs,
                             std::size_t training_count) {
  const std::size_t held_out_count =
      pairs.kind == PairKind::physics ? pairs.sizes.size() : pairs.sizes.size() - training_count;
  return {.patch_size_px = settings.patch_size_px,
          .batch_size = settings.batch_size,
          .seed = job.run.seed,
          .mode = job.loader,
          .memory_bytes = job.run.memory_bytes > 0 ? job.run.memory_bytes : default_memory_bytes(),
          .reserved_bytes =
              Validation::largest_bytes(static_cast<std::int64_t>(held_out_count), settings),
          .batch_staging_bytes = Trainer::staging_bytes(settings),
          .upload_staging_bytes = Uploader::staging_bytes,
          .crops_per_load = pairs.kind == PairKind::physics ? job.physics.crops_per_micrograph : 0,
          .threads = job.run.threads,
          .max_failed_fraction = job.run.max_failed_fraction};
}

std::string settings_text(const TrainJob& job,
                          const TrainingPlan& plan,
                          const TrainingStart& start,
                          const TrainingPairs& pairs) {
  return fmt::format(
      "{}; {}; files {}; start {}; patch {}, batch {}, rate {}, epochs {}, minutes {}, held out "
      "{}, seed {}, patience {}, noise radius {}{}",
      to_json(plan.network),
      pairs.description,
      pairs.fingerprint,
      start.name,
      plan.settings.patch_size_px,
      plan.settings.batch_size,
      plan.settings.learning_rate,
      job.epochs,
      job.minutes,
      job.validation_fraction,
      job.run.seed,
      job.patience,
      pairs.noise_radius_px.value_or(-1),
      pairs.kind == PairKind::physics
          ? fmt::format(", crops of a micrograph {}", job.physics.crops_per_micrograph)
          : std::string());
}

}  // namespace

TrainingStart choose_start(const TrainJob& job) {
  if (job.start_model.empty()) {
    TrainingStart start;
    start.network = choose_network(job.network);
    start.name = "random";
    start.values = initial_parameters(start.network, job.run.seed);
    return start;
  }
  Model model = load_named_model(job.start_model);
  const UNetDescription* network = model.description.network.unet();
  if (network == nullptr)
    fail(ErrorKind::model,
         "training from '{}': its network can be applied, not trained; expected a U-Net of "
         "'limpid train', such as 'default'",
         printable(job.start_model));
  return {*network,
          std::move(model.parameters),
          fmt::format("{} ({})", job.start_model, model.hash),
          model.description.smallest_pixel_size_angstrom,
          model.description.largest_pixel_size_angstrom,
          model.description.knows_weighted_noise};
}

std::int64_t smallest_useful_side_px(const TrainJob& job, const UNetDescription& network) {
  const std::int64_t grid = network.grid_px();
  if (job.patch_size_px % grid != 0)
    fail(ErrorKind::usage,
         "--patch_size {}: expected a multiple of {}, as the network asks for",
         job.patch_size_px,
         grid);
  return job.patch_size_px > 0 ? job.patch_size_px : 2 * grid;
}

bool crops_are_made_on(const Backend& backend, const TrainingPlan& plan) {
  return is_gpu(backend) && !plan.settings.noise_radius_px;
}

std::size_t room_for_micrographs(const Backend& backend, const TrainingPlan& plan) {
  const std::size_t room = room_for_micrographs(backend);
  return plan.gpu_memory_bytes > 0 ? std::min(room, plan.gpu_memory_bytes) : room;
}

TrainingPlan make_plan(const TrainJob& job,
                       const TrainingStart& start,
                       const TrainingPairs& pairs,
                       const std::vector<PairSize>& sizes,
                       const Backend& backend) {
  const bool gpu = is_gpu(backend);
  TrainingPlan plan;
  plan.network = start.network;
  plan.start = start.values;
  TrainingSettings& settings = plan.settings;
  settings.patch_size_px = choose_patch_size(job, plan.network.grid_px(), sizes, gpu);
  settings.batch_size = job.batch_size > 0 ? job.batch_size : (gpu ? 16 : 4);
  settings.learning_rate = job.learning_rate > 0     ? static_cast<float>(job.learning_rate)
                           : job.start_model.empty() ? default_learning_rate
                                                     : fine_tuning_rate;
  const double crops =
      pairs.kind == PairKind::physics
          ? static_cast<double>(physics_epoch_count * job.physics.crops_per_micrograph)
          : covering_crops(sizes, settings.patch_size_px);
  plan.steps_per_epoch = std::max<std::int64_t>(
      1, std::llround(std::ceil(crops / static_cast<double>(settings.batch_size))));
  plan.minutes = job.minutes;
  const double epochs = job.epochs > 0 || job.minutes > 0 ? job.epochs : default_epochs;
  settings.step_count =
      static_cast<std::int64_t>(std::llround(epochs * static_cast<double>(plan.steps_per_epoch)));
  if (epochs > 0) {
    settings.step_count = std::max<std::int64_t>(settings.step_count, 1);
    plan.minutes = 0;
  }
  plan.starts_from_model = !job.start_model.empty();
  plan.patience = job.patience;
  settings.noise_radius_px = pairs.noise_radius_px;
  settings.blind_spot_seed = job.run.seed;
  plan.gpu_memory_bytes = job.run.gpu_memory_bytes;
  plan.loader = loader_options(job, settings, pairs, sizes.size());
  plan.settings_text = settings_text(job, plan, start, pairs);
  return plan;
}

}  // namespace limpid
