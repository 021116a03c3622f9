#pragma once

#include "core/data/loader_plan.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace limpid {

struct LoaderBenchmarkCase {
  std::vector<std::string> paths;  // two neighbours are taken for the halves of a micrograph
  LoaderOptions loader;            // its mode is stream
  double budgets = 10;             // ends when so many times the memory was read
};

// What was reached at some point of a run.
struct LoaderSample {
  double read_bytes = 0;  // of files
  double seconds = 0;
  double resident_bytes = 0;  // memory of the process without what it maps from files
};

struct LoaderBenchmarkResult {
  LoaderPlan plan;
  std::vector<LoaderSample> samples;  // at 1, 2, 5, 10, 20, 50, ... times the memory
  double peak_resident_bytes = 0;     // with what is mapped from files
  double patches_per_s = 0;

  // Bytes of files a second, from the first sample to the last.
  double read_rate() const;
};

// Takes batch after batch and throws them away, so that reading sets the speed. Throws
// Error(usage) when the memory or the number of files does not suffice, Error(input).
LoaderBenchmarkResult run_loader_benchmark(const LoaderBenchmarkCase& what);

std::string loader_benchmark_table(const LoaderBenchmarkResult& result);
std::string loader_benchmark_json(const LoaderBenchmarkResult& result);

}  // namespace limpid
