#pragma once

#include "core/backend/backend.h"
#include "core/nn/unet_work.h"

#include <cstdint>
#include <string>
#include <vector>

namespace limpid {

enum class BenchmarkMode : std::uint8_t { training, inference };

const char* name(BenchmarkMode mode);  // "train", "infer"

struct BenchmarkCase {
  std::string network = "classic";  // a preset, or a U-Net in JSON (choose_network)
  BenchmarkMode mode = BenchmarkMode::inference;
  std::int64_t patch_size_px = 1024;
  std::int64_t batch_size = 4;
};

// Of a preset its name, of a U-Net in JSON its channels: "64-64-128".
std::string short_name(const std::string& network);

// The least time of one batch, by core/nn/unet_work.h.
struct BenchmarkFloor {
  Work work{};
  double arithmetic_ms = 0;  // if memory cost nothing
  double memory_ms = 0;      // if arithmetic cost nothing
  double layers_ms = 0;      // each layer by its longer one: what a result is measured by
};

BenchmarkFloor floor_of(const BenchmarkCase& what, DataType type, const ProcessorRates& rates);

struct BenchmarkResult {
  BenchmarkCase what;
  double preparation_s = 0;   // making the network: plans, memory
  double median_step_ms = 0;  // of one batch
  double slowest_step_ms = 0;
  double patches_per_s = 0;
  double tflop_per_s = 0;
  double memory_bytes = 0;  // planned: activations and gradients
  // All that is taken of a GPU's memory, parameters and workspaces included; 0 on a CPU.
  double taken_bytes = 0;
  BenchmarkFloor floor;

  double percent_of_limit() const { return 100 * floor.layers_ms / median_step_ms; }
};

// Times whole steps on data that lies on the device: forward for inference; forward, loss, backward
// and Adam for training. `seconds` is how long to repeat.
BenchmarkResult run_benchmark(Backend& backend,
                              const BenchmarkCase& what,
                              const ProcessorRates& rates,
                              double seconds);

// A table for people, one line a result.
std::string benchmark_table(const std::vector<BenchmarkResult>& results);
std::string benchmark_json(const std::vector<BenchmarkResult>& results);

}  // namespace limpid
