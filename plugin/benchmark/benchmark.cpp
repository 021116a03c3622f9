#include "plugin/benchmark/benchmark.h"

#include "core/nn/unet_work.h"
#include "plugin/benchmark/benchmarked_network.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>

namespace limpid {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t fewest_repeats = 5;

double ms_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

}  // namespace

const char* name(BenchmarkMode mode) {
  return mode == BenchmarkMode::training ? "train" : "infer";
}

BenchmarkFloor floor_of(const BenchmarkCase& what, DataType type, const ProcessorRates& rates) {
  const NetworkFloor floor =
      floor_of(work_of(choose_network(what.network),
                       {what.batch_size, what.patch_size_px, what.patch_size_px, 1},
                       type),
               rates);
  const bool training = what.mode == BenchmarkMode::training;
  const Work& work = training ? floor.training : floor.inference;
  return {.work = work,
          .arithmetic_ms = 1e3 * work.flop / rates.flop_per_s,
          .memory_ms = 1e3 * work.bytes / rates.bytes_per_s,
          .layers_ms = 1e3 * (training ? floor.training_s : floor.inference_s)};
}

BenchmarkResult run_benchmark(Backend& backend,
                              const BenchmarkCase& what,
                              const ProcessorRates& rates,
                              double seconds) {
  const Clock::time_point begin = Clock::now();
  BenchmarkedNetwork network(backend, what);
  const auto step = backend.record([&] { network.run(); });
  backend.synchronize();

  BenchmarkResult result;
  result.what = what;
  result.preparation_s = ms_since(begin) / 1e3;
  result.memory_bytes = static_cast<double>(network.unet().memory_bytes());
  std::vector<double> times_ms;
  const Clock::time_point measured_from = Clock::now();
  while (times_ms.size() < fewest_repeats || ms_since(measured_from) < 1e3 * seconds) {
    const Clock::time_point step_begin = Clock::now();
    network.prepare();
    step->run();
    backend.synchronize();
    times_ms.push_back(ms_since(step_begin));
  }
  std::sort(times_ms.begin(), times_ms.end());
  result.median_step_ms = times_ms[times_ms.size() / 2];
  result.slowest_step_ms = times_ms.back();
  result.patches_per_s = 1e3 * static_cast<double>(what.batch_size) / result.median_step_ms;
  result.taken_bytes = static_cast<double>(backend.taken_memory_bytes());
  result.floor = floor_of(what, backend.compute_type(), rates);
  result.tflop_per_s = result.floor.work.flop / result.median_step_ms / 1e9;
  return result;
}

std::string short_name(const std::string& network) {
  return network.starts_with('{')
             ? fmt::format("{}", fmt::join(choose_network(network).channels, "-"))
             : network;
}

std::string benchmark_table(const std::vector<BenchmarkResult>& results) {
  std::size_t width = 10;
  for (const BenchmarkResult& r : results)
    width = std::max(width, short_name(r.what.network).size());
  std::string table = fmt::format(
      "{:<{}} {:<6} {:>6} {:>6} {:>11} {:>10} {:>10} {:>9} {:>8} {:>9} {:>9} {:>10} {:>6}\n",
      "network",
      width,
      "mode",
      "patch",
      "batch",
      "patches/s",
      "ms/batch",
      "slowest ms",
      "TFLOP/s",
      "GiB",
      "flop ms",
      "bytes ms",
      "limit ms",
      "%");
  for (const BenchmarkResult& r : results)
    table += fmt::format(
        "{:<{}} {:<6} {:>6} {:>6} {:>11.2f} {:>10.2f} {:>10.2f} {:>9.2f} {:>8.2f} {:>9.2f} "
        "{:>9.2f} "
        "{:>10.2f} {:>6.1f}\n",
        short_name(r.what.network),
        width,
        name(r.what.mode),
        r.what.patch_size_px,
        r.what.batch_size,
        r.patches_per_s,
        r.median_step_ms,
        r.slowest_step_ms,
        r.tflop_per_s,
        r.memory_bytes / 1073741824.0,
        r.floor.arithmetic_ms,
        r.floor.memory_ms,
        r.floor.layers_ms,
        r.percent_of_limit());
  return table;
}

std::string benchmark_json(const std::vector<BenchmarkResult>& results) {
  nlohmann::json list = nlohmann::json::array();
  for (const BenchmarkResult& r : results)
    list.push_back({{"network", r.what.network},
                    {"mode", name(r.what.mode)},
                    {"patch_size_px", r.what.patch_size_px},
                    {"batch_size", r.what.batch_size},
                    {"preparation_s", r.preparation_s},
                    {"median_step_ms", r.median_step_ms},
                    {"slowest_step_ms", r.slowest_step_ms},
                    {"patches_per_s", r.patches_per_s},
                    {"tflop_per_s", r.tflop_per_s},
                    {"memory_bytes", r.memory_bytes},
                    {"taken_bytes", r.taken_bytes},
                    {"flop", r.floor.work.flop},
                    {"least_bytes", r.floor.work.bytes},
                    {"arithmetic_ms", r.floor.arithmetic_ms},
                    {"memory_ms", r.floor.memory_ms},
                    {"limit_ms", r.floor.layers_ms},
                    {"percent_of_limit", r.percent_of_limit()}});
  return list.dump(1);
}

}  // namespace limpid
