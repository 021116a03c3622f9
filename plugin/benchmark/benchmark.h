#pragma once

#include "core/backend/backend.h"
#include "core/nn/unet_description.h"

#include <cstdint>
#include <string>
#include <vector>

namespace limpid {

enum class BenchmarkMode : std::uint8_t { training, inference };

struct BenchmarkCase {
  std::string network = "classic";  // preset
  BenchmarkMode mode = BenchmarkMode::inference;
  std::int64_t patch_size_px = 1024;
  std::int64_t batch_size = 4;
};

struct BenchmarkResult {
  BenchmarkCase what;
  double preparation_s = 0;   // making the network: plans, memory
  double median_step_ms = 0;  // of one batch
  double slowest_step_ms = 0;
  double patches_per_s = 0;
  double tflop_per_s =
      0;  // multiply-adds of the convolutions counted as 2; training as 3 forward passes
  double memory_bytes = 0;  // activations and gradients
};

// Times whole steps on data that lies on the device: forward for inference; forward, loss, backward
// and Adam for training. `seconds` is how long to repeat.
BenchmarkResult run_benchmark(Backend& backend, const BenchmarkCase& what, double seconds);

// A table for people, one line a result.
std::string benchmark_table(const std::string& device, const std::vector<BenchmarkResult>& results);
std::string benchmark_json(const std::string& device, const std::vector<BenchmarkResult>& results);

}  // namespace limpid
