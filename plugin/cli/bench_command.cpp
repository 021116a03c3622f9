#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/io/atomic_file.h"
#include "plugin/benchmark/benchmark.h"
#include "plugin/cli/command.h"
#include "plugin/exit_code.h"
#include "plugin/processors.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
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
  std::string json_file;
};

std::vector<BenchmarkCase> cases_of(const BenchOptions& options, const Backend& backend) {
  const bool is_cpu = backend.name().starts_with("cpu");
  std::vector<BenchmarkCase> cases;
  for (const char* network : {"classic", "default"})
    for (const BenchmarkMode mode : {BenchmarkMode::training, BenchmarkMode::inference}) {
      const char* mode_name = mode == BenchmarkMode::training ? "train" : "infer";
      if ((!options.network.empty() && options.network != network) ||
          (!options.mode.empty() && options.mode != mode_name))
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
    const std::int64_t grid_px = preset_network(what.network).grid_px();
    if (what.patch_size_px % grid_px != 0)
      fail(ErrorKind::usage,
           "--patch {}: the network '{}' needs a multiple of {}",
           what.patch_size_px,
           what.network,
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

int bench(const BenchOptions& options) {
  set_thread_count(options.threads);
  std::string json;
  for (const auto& backend : make_backends(options.device)) {
    const std::vector<BenchmarkCase> cases = cases_of(options, *backend);
    check_patch_sizes(cases);
    std::vector<BenchmarkResult> results;
    results.reserve(cases.size());
    for (const BenchmarkCase& what : cases)
      results.push_back(run_benchmark(*backend, what, options.seconds));
    fmt::print("{}", benchmark_table(device_line(*backend), results));
    std::fflush(stdout);
    json += (json.empty() ? "" : ",\n") + benchmark_json(device_line(*backend), results);
  }
  if (!options.json_file.empty())
    write_file_atomically(options.json_file, "[" + json + "]\n");
  return status(ExitCode::done);
}

}  // namespace

CommandAction define_bench(CLI::App& parser) {
  auto options = std::make_shared<BenchOptions>();
  add_device_options(parser, options->device);
  parser.add_option("--j", options->threads, "Threads of the CPU; 0: all")
      ->check(CLI::Range(0, 4096));
  parser.add_option("--network", options->network, "classic or default; both without it")
      ->check(CLI::IsMember({"classic", "default"}));
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
  parser.add_option("--json", options->json_file, "File for the results");
  return [options] { return bench(*options); };
}

}  // namespace limpid
