#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/io/atomic_file.h"
#include "plugin/benchmark/benchmark.h"
#include "plugin/benchmark/feed_benchmark.h"
#include "plugin/benchmark/layer_benchmark.h"
#include "plugin/benchmark/loader_benchmark.h"
#include "plugin/benchmark/machine_limits.h"
#include "plugin/cli/checked_option.h"
#include "plugin/cli/command.h"
#include "plugin/cli/memory_size.h"
#include "plugin/machine/processors.h"
#include "plugin/micrographs/micrograph_arguments.h"
#include "plugin/run/exit_code.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace limpid {
namespace {

// What is left empty is measured in the ways that matter on the processor.
struct BenchOptions {
  DeviceOptions device;
  int threads = 0;
  std::string network;
  std::string mode;
  std::int64_t patch_size_px = 0;
  std::int64_t batch_size = 0;
  double seconds = 5;
  bool layers = false;
  std::string disk_folder;
  std::string json_file;
  std::vector<std::string> loader_paths;  // empty: networks are measured
  std::size_t memory_bytes = std::size_t{1} << 30;
  double budgets = 10;
};

std::vector<BenchmarkCase> cases_of(const BenchOptions& options, const Backend& backend) {
  const bool is_cpu = backend.name().starts_with("cpu");
  std::vector<BenchmarkCase> cases;
  const std::vector<std::string> networks = options.network.empty()
                                                ? std::vector<std::string>{"classic", "default"}
                                                : std::vector<std::string>{options.network};
  for (const std::string& network : networks)
    for (const BenchmarkMode mode : {BenchmarkMode::training, BenchmarkMode::inference}) {
      const char* mode_name = mode == BenchmarkMode::training ? "train" : "infer";
      if (!options.mode.empty() && options.mode != mode_name)
        continue;
      // A CPU needs seconds for what a GPU does in milliseconds.
      cases.push_back({.network = network,
                       .mode = mode,
                       .patch_size_px = options.patch_size_px > 0 ? options.patch_size_px
                                        : is_cpu                  ? 512
                                                                  : 1024,
                       .batch_size = options.batch_size > 0 ? options.batch_size
                                     : is_cpu               ? 1
                                                            : 4});
    }
  return cases;
}

void check_patch_sizes(const std::vector<BenchmarkCase>& cases) {
  for (const BenchmarkCase& what : cases) {
    const std::int64_t grid_px = choose_network(what.network).grid_px();
    if (what.patch_size_px % grid_px != 0)
      fail(ErrorKind::usage,
           "--patch {}: the network '{}' needs a multiple of {}",
           what.patch_size_px,
           short_name(what.network),
           grid_px);
  }
}

std::string device_line(const Backend& backend) {
  return fmt::format(
      "{}, {}{}",
      backend.name(),
      name(backend.compute_type()),
      backend.name().starts_with("cpu") ? fmt::format(", {} threads", thread_count()) : "");
}

std::vector<std::string> loader_files(const BenchOptions& options) {
  std::vector<std::string> paths;
  for (const std::string& argument : options.loader_paths)
    for (std::string& path : files_of_argument(argument))
      paths.push_back(std::move(path));
  return paths;
}

LoaderOptions loader_options(const BenchOptions& options) {
  return {.patch_size_px = options.patch_size_px > 0 ? options.patch_size_px : 512,
          .batch_size = options.batch_size > 0 ? options.batch_size : 16,
          .mode = LoaderMode::stream,
          .memory_bytes = options.memory_bytes,
          .threads = options.threads};
}

int bench_feed(const BenchOptions& options) {
  const FeedBenchmarkCase what{.paths = loader_files(options),
                               .network = options.network.empty() ? "classic" : options.network,
                               .loader = loader_options(options),
                               .seconds = options.seconds};
  check_patch_sizes({{.network = what.network, .patch_size_px = what.loader.patch_size_px}});
  const auto backends = make_backends(options.device);
  const std::string device = device_line(*backends.front());
  const FeedBenchmarkResult result = run_feed_benchmark(*backends.front(), what);
  fmt::print("{}", feed_benchmark_table(device, result));
  if (!options.json_file.empty())
    write_file_atomically(options.json_file, feed_benchmark_json(device, result) + "\n");
  return status(ExitCode::done);
}

int bench_loader(const BenchOptions& options) {
  if (options.mode == "infer")
    fail(ErrorKind::usage, "--loader with --mode infer: expected --mode train, or none");
  if (options.mode == "train")
    return bench_feed(options);
  const LoaderBenchmarkCase what{.paths = loader_files(options),
                                 .loader = loader_options(options),
                                 .budgets = options.budgets};
  const LoaderBenchmarkResult result = run_loader_benchmark(what);
  fmt::print("{}", loader_benchmark_table(result));
  if (!options.json_file.empty())
    write_file_atomically(options.json_file, loader_benchmark_json(result) + "\n");
  return status(ExitCode::done);
}

// Prints everything as it is measured; returns it as JSON.
nlohmann::json bench_backend(const BenchOptions& options, Backend& backend) {
  constexpr double limit_s = 0.5;  // for each; they vary less than steps
  constexpr double layer_s = 0.1;
  const std::vector<BenchmarkCase> cases = cases_of(options, backend);
  check_patch_sizes(cases);
  const MachineLimits limits = measure_limits(
      backend, {.seconds = std::min(limit_s, options.seconds), .disk_folder = options.disk_folder});
  fmt::print("{}\n{}\n", device_line(backend), describe(limits));
  std::fflush(stdout);
  std::vector<BenchmarkResult> results;
  results.reserve(cases.size());
  for (const BenchmarkCase& what : cases)
    results.push_back(run_benchmark(backend, what, limits.processor, options.seconds));
  fmt::print("{}", benchmark_table(results));
  nlohmann::json layers = nlohmann::json::array();
  for (const BenchmarkCase& what : cases) {
    if (!options.layers)
      break;
    const auto measured =
        run_layer_benchmark(backend, what, limits.processor, std::min(layer_s, options.seconds));
    fmt::print("\n{} {}\n{}", short_name(what.network), name(what.mode), layer_table(measured));
    std::fflush(stdout);
    layers.push_back({{"network", what.network},
                      {"mode", name(what.mode)},
                      {"passes", nlohmann::json::parse(layer_json(measured))}});
  }
  return {{"device", device_line(backend)},
          {"limits", nlohmann::json::parse(limits_json(limits))},
          {"results", nlohmann::json::parse(benchmark_json(results))},
          {"layers", layers}};
}

int bench(const BenchOptions& options) {
  set_thread_count(options.threads);
  if (!options.loader_paths.empty())
    return bench_loader(options);
  nlohmann::json json = nlohmann::json::array();
  for (const auto& backend : make_backends(options.device))
    json.push_back(bench_backend(options, *backend));
  if (!options.json_file.empty())
    write_file_atomically(options.json_file, json.dump(1) + "\n");
  return status(ExitCode::done);
}

}  // namespace

CommandAction define_bench(CLI::App& parser) {
  auto options = std::make_shared<BenchOptions>();
  add_device_options(parser, options->device);
  parser.add_option("--j", options->threads, "Threads of the CPU; 0: all")
      ->check(CLI::Range(0, 4096));
  parser.add_option("--network",
                    options->network,
                    "classic, default, or a U-Net described in JSON as for train; classic and "
                    "default without it");
  parser.add_option("--mode", options->mode, "train or infer; both without it")
      ->check(CLI::IsMember({"train", "infer"}));
  parser
      .add_option("--patch",
                  options->patch_size_px,
                  "Side of the images in pixels; default 1024, on the CPU 512")
      ->check(CLI::Range(32, 16384));
  parser
      .add_option(
          "--batch", options->batch_size, "Images computed together; default 4, on the CPU 1")
      ->check(CLI::Range(1, 4096));
  parser.add_option("--seconds", options->seconds, "How long to repeat each measurement")
      ->check(CLI::Range(0.0, 3600.0));
  parser.add_flag(
      "--layers", options->layers, "Also each layer alone: its time, its limit, and what it runs");
  parser
      .add_option(
          "--disk",
          options->disk_folder,
          "Folder in which a file of 1 GB is written, read and removed, for the rates of its disk")
      ->check(CLI::ExistingDirectory);
  parser.add_option("--loader",
                    options->loader_paths,
                    "Files, patterns or folders: how fast they are read in training that streams, "
                    "instead of networks; two neighbours are taken for halves. With --mode train: "
                    "how fast a network is trained on them, from memory and streamed");
  parser.add_option_function<std::string>("--memory",
                                          checked([options](const std::string& text) {
                                            options->memory_bytes = parse_memory_size(text);
                                          }),
                                          "With --loader: memory for the data; default 1G");
  parser
      .add_option("--budgets",
                  options->budgets,
                  "With --loader: how many times the memory is read; default 10")
      ->check(CLI::PositiveNumber);
  parser.add_option("--json", options->json_file, "File for the results");
  return [options] { return bench(*options); };
}

}  // namespace limpid
