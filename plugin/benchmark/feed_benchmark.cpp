#include "plugin/benchmark/feed_benchmark.h"

#include "core/backend/host/host_memory.h"
#include "core/nn/initialize.h"
#include "core/nn/unet_description.h"
#include "core/train/trainer.h"
#include "core/train/training_feed.h"
#include "plugin/benchmark/half_files.h"
#include "plugin/machine/processors.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <memory>

namespace limpid {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int rounds = 2;
constexpr std::int64_t fewest_steps = 4;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// Steps of one trainer on the batches of one loader.
class FeedMeasurement {
 public:
  FeedMeasurement(Backend& backend, const PairSource& source, const LoaderOptions& options) {
    speed_.plan = plan_loader(measure_dataset(source), options);
    const Clock::time_point begin = Clock::now();
    feed_ = std::make_unique<TrainingFeed>(backend, source, options, speed_.plan);
    speed_.start_s = seconds_since(begin);
  }

  // Batches that were made while nobody took any would count for nothing.
  void warm_up(Trainer& trainer) {
    constexpr int batches_ahead = 8;
    for (int i = 0; i < batches_ahead; ++i)
      trainer.step(feed_->next());
    trainer.wait();
  }

  void run(Trainer& trainer, double seconds) {
    const double device_begin_s = trainer.device_seconds();
    const Clock::time_point begin = Clock::now();
    for (std::int64_t steps = 0; steps < fewest_steps || seconds_since(begin) < seconds; ++steps) {
      trainer.step(feed_->next());
      ++speed_.steps;
    }
    trainer.wait();
    speed_.seconds += seconds_since(begin);
    device_s_ += trainer.device_seconds() - device_begin_s;
  }

  FeedSpeed speed(std::int64_t batch_size) const {
    FeedSpeed speed = speed_;
    speed.patches_per_s = static_cast<double>(speed.steps * batch_size) / speed.seconds;
    speed.idle_fraction = std::max(0.0, 1 - device_s_ / speed.seconds);
    return speed;
  }

 private:
  FeedSpeed speed_;
  std::unique_ptr<TrainingFeed> feed_;
  double device_s_ = 0;
};

std::string line(const FeedSpeed& speed) {
  return fmt::format("{:<9} {:>11.2f} {:>8} {:>9.1f} {:>10.2f} {:>8.1f}\n",
                     name(speed.plan.mode),
                     speed.patches_per_s,
                     speed.steps,
                     speed.seconds,
                     100 * speed.idle_fraction,
                     speed.start_s);
}

nlohmann::json to_json(const FeedSpeed& speed) {
  return {{"patches_per_s", speed.patches_per_s},
          {"steps", speed.steps},
          {"seconds", speed.seconds},
          {"idle_fraction", speed.idle_fraction},
          {"start_s", speed.start_s},
          {"micrographs_in_memory", speed.plan.slots},
          {"planned_bytes", speed.plan.used_bytes},
          {"planned_device_bytes", speed.plan.device_used_bytes}};
}

}  // namespace

FeedBenchmarkResult run_feed_benchmark(Backend& backend, const FeedBenchmarkCase& what) {
  const auto source = half_pairs_of(what.paths);
  const UNetDescription network = choose_network(what.network);
  Trainer trainer(backend,
                  network,
                  {.batch_size = what.loader.batch_size,
                   .patch_size_px = what.loader.patch_size_px,
                   .step_count = 1'000'000,
                   .learning_rate = 1e-4f},
                  initial_parameters(network, 1));
  LoaderOptions stream = what.loader;
  stream.mode = LoaderMode::stream;
  stream.upload_staging_bytes = Uploader::staging_bytes;
  if (is_gpu(backend))
    stream.device_bytes = room_for_micrographs(backend);
  FeedMeasurement streamed(backend, *source, stream);
  streamed.warm_up(trainer);  // which also looks for the fastest kernels

  LoaderOptions resident = stream;
  resident.mode = LoaderMode::resident;
  if (is_gpu(backend))
    resident.device_bytes = room_for_micrographs(backend);
  else
    resident.memory_bytes = free_host_memory_bytes();
  FeedMeasurement kept(backend, *source, resident);
  for (int round = 0; round < rounds; ++round) {
    kept.warm_up(trainer);
    kept.run(trainer, what.seconds / rounds);
    streamed.warm_up(trainer);
    streamed.run(trainer, what.seconds / rounds);
  }
  return {.resident = kept.speed(what.loader.batch_size),
          .stream = streamed.speed(what.loader.batch_size),
          .dataset_bytes = static_cast<double>(measure_dataset(*source).pair_bytes)};
}

std::string feed_benchmark_table(const std::string& device, const FeedBenchmarkResult& result) {
  return fmt::format(
      "{}\n{}\n{}\n{:<9} {:>11} {:>8} {:>9} {:>10} {:>8}\n{}{}"
      "Streamed training has {:.2f} % of the speed of training from memory; the dataset is {:.1f} "
      "times --memory\n",
      device,
      describe(result.resident.plan),
      describe(result.stream.plan),
      "loader",
      "patches/s",
      "steps",
      "seconds",
      "idle %",
      "start s",
      line(result.resident),
      line(result.stream),
      100 * result.ratio(),
      result.dataset_bytes / static_cast<double>(result.stream.plan.budget_bytes));
}

std::string feed_benchmark_json(const std::string& device, const FeedBenchmarkResult& result) {
  const nlohmann::json json = {{"device", device},
                               {"dataset_bytes", result.dataset_bytes},
                               {"memory_bytes", result.stream.plan.budget_bytes},
                               {"ratio", result.ratio()},
                               {"resident", to_json(result.resident)},
                               {"stream", to_json(result.stream)}};
  return json.dump(1);
}

}  // namespace limpid
