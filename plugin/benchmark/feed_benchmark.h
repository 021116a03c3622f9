#pragma once

#include "core/backend/backend.h"
#include "core/data/loader_plan.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace limpid {

struct FeedBenchmarkCase {
  std::vector<std::string> paths;  // two neighbours are taken for the halves of a micrograph
  std::string network = "classic";
  LoaderOptions loader;  // its memory is that of stream mode
  double seconds = 10;   // of each measurement
};

// Training with micrographs in memory in one of the two ways.
struct FeedSpeed {
  LoaderPlan plan;
  double start_s = 0;  // until the first micrographs were in memory
  double seconds = 0;  // of the steps that were measured
  std::int64_t steps = 0;
  double patches_per_s = 0;
  double idle_fraction = 0;  // 1 - time of the device in steps, by its own clock, / seconds
};

struct FeedBenchmarkResult {
  FeedSpeed resident;
  FeedSpeed stream;
  double dataset_bytes = 0;  // as float32

  double ratio() const { return stream.patches_per_s / resident.patches_per_s; }
};

// Trains one network in turns on a dataset that is all in memory and on the same streamed, twice
// each, so that nothing but the loader differs. On a GPU "in memory" is its own. Throws
// Error(usage) when the memory or the number of files does not suffice, Error(input).
FeedBenchmarkResult run_feed_benchmark(Backend& backend, const FeedBenchmarkCase& what);

std::string feed_benchmark_table(const std::string& device, const FeedBenchmarkResult& result);
std::string feed_benchmark_json(const std::string& device, const FeedBenchmarkResult& result);

}  // namespace limpid
