#pragma once

#include "core/backend/backend.h"
#include "core/nn/unet_work.h"
#include "plugin/benchmark/benchmark.h"

#include <string>
#include <vector>

namespace limpid {

// One pass through one layer, for one image of the batch.
struct LayerPass {
  double measured_s = 0;
  Work work{};
  double floor_s = 0;
  std::string implementation{};  // engine or kernel, empty where there is no choice
};

struct LayerResult {
  std::string name{};   // "enc0.conv1"; "enc0.conv1+pool0" where the two are one operation
  std::string shape{};  // "32>64 3x3 at 512x512"
  LayerPass forward{};
  LayerPass data_gradient{};  // nothing measured where the work is none; like the next
  LayerPass weight_gradient{};
};

// The work of each operation of a network that was made for training: that of its layer, and of the
// pool behind it. `names` as UNet::operations() gives them.
std::vector<LayerWork> work_of_operations(const std::vector<std::string>& names,
                                          const std::vector<LayerWork>& layers);

// Times every operation of the network where it is, on its own tensors. The data gradient is the
// whole backward pass less the weight gradient alone. Repeats each for about `seconds`. Tensors
// that fit in a cache may stay there from call to call, so that a small layer can exceed its limit.
std::vector<LayerResult> run_layer_benchmark(Backend& backend,
                                             const BenchmarkCase& what,
                                             const ProcessorRates& rates,
                                             double seconds);

// One line a pass, and the sums.
std::string layer_table(const std::vector<LayerResult>& layers);
std::string layer_json(const std::vector<LayerResult>& layers);

}  // namespace limpid
