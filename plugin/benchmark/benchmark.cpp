#include "plugin/benchmark/benchmark.h"

#include "core/base/random.h"
#include "core/nn/initialize.h"
#include "core/nn/unet.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <memory>

namespace limpid {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t fewest_repeats = 5;

double ms_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

const char* name(BenchmarkMode mode) {
  return mode == BenchmarkMode::training ? "train" : "infer";
}

// Zeros can run faster than real data.
void fill_with_noise(Backend& backend, const Tensor& tensor) {
  RandomSequence random(1, 1);
  std::vector<float> values(static_cast<std::size_t>(tensor.shape().element_count()));
  for (float& value : values)
    value = static_cast<float>(random.normal());
  backend.upload(values, tensor);
  backend.synchronize();
}

}  // namespace

BenchmarkResult run_benchmark(Backend& backend, const BenchmarkCase& what, double seconds) {
  const UNetDescription description = preset_network(what.network);
  const Shape image{what.batch_size, what.patch_size_px, what.patch_size_px, 1};
  const bool training = what.mode == BenchmarkMode::training;
  const Clock::time_point begin = Clock::now();
  Parameters parameters(backend, description.parameters());
  parameters.set_values(initial_parameters(description, 1));
  UNet network(backend,
               description,
               parameters,
               image,
               training ? NetworkUse::training : NetworkUse::inference);
  const Tensor target = backend.allocate_tensor(image, DataType::float32);
  auto loss = backend.make_loss({.prediction = image});
  auto adam = backend.make_adam({}, parameters);
  fill_with_noise(backend, network.image());
  fill_with_noise(backend, target);
  // Inference may use the memory of the image again, which changes its content but not the work.
  auto step = backend.record([&] {
    network.forward();
    if (!training)
      return;
    loss->evaluate(network.prediction(), target, Tensor(), network.prediction_gradient());
    network.backward();
    adam->step();
  });
  backend.synchronize();

  BenchmarkResult result;
  result.what = what;
  result.preparation_s = ms_since(begin) / 1e3;
  result.memory_bytes = static_cast<double>(network.memory_bytes());
  std::vector<double> times_ms;
  const Clock::time_point measured_from = Clock::now();
  while (times_ms.size() < fewest_repeats || ms_since(measured_from) < 1e3 * seconds) {
    const Clock::time_point step_begin = Clock::now();
    if (training)
      adam->prepare_step(
          {.number = static_cast<std::int64_t>(times_ms.size()) + 1, .learning_rate = 1e-4f});
    step->run();
    backend.synchronize();
    times_ms.push_back(ms_since(step_begin));
  }
  std::sort(times_ms.begin(), times_ms.end());
  result.median_step_ms = times_ms[times_ms.size() / 2];
  result.slowest_step_ms = times_ms.back();
  result.patches_per_s = 1e3 * static_cast<double>(what.batch_size) / result.median_step_ms;
  const double flop = 2.0 * description.multiply_adds_per_pixel() *
                      static_cast<double>(what.patch_size_px * what.patch_size_px) *
                      (training ? 3.0 : 1.0);
  result.tflop_per_s = flop * result.patches_per_s / 1e12;
  return result;
}

std::string benchmark_table(const std::string& device,
                            const std::vector<BenchmarkResult>& results) {
  std::string table = fmt::format("{}\n{:<10} {:<6} {:>6} {:>6} {:>11} {:>10} {:>10} {:>9} {:>8}\n",
                                  device,
                                  "network",
                                  "mode",
                                  "patch",
                                  "batch",
                                  "patches/s",
                                  "ms/batch",
                                  "slowest ms",
                                  "TFLOP/s",
                                  "GiB");
  for (const BenchmarkResult& r : results)
    table +=
        fmt::format("{:<10} {:<6} {:>6} {:>6} {:>11.2f} {:>10.2f} {:>10.2f} {:>9.2f} {:>8.2f}\n",
                    r.what.network,
                    name(r.what.mode),
                    r.what.patch_size_px,
                    r.what.batch_size,
                    r.patches_per_s,
                    r.median_step_ms,
                    r.slowest_step_ms,
                    r.tflop_per_s,
                    r.memory_bytes / 1073741824.0);
  return table;
}

std::string benchmark_json(const std::string& device, const std::vector<BenchmarkResult>& results) {
  nlohmann::json json = {{"device", device}, {"results", nlohmann::json::array()}};
  for (const BenchmarkResult& r : results)
    json["results"].push_back({{"network", r.what.network},
                               {"mode", name(r.what.mode)},
                               {"patch_size_px", r.what.patch_size_px},
                               {"batch_size", r.what.batch_size},
                               {"preparation_s", r.preparation_s},
                               {"median_step_ms", r.median_step_ms},
                               {"slowest_step_ms", r.slowest_step_ms},
                               {"patches_per_s", r.patches_per_s},
                               {"tflop_per_s", r.tflop_per_s},
                               {"memory_bytes", r.memory_bytes}});
  return json.dump(1);
}

}  // namespace limpid
