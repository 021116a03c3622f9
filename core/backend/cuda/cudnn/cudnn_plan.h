#pragma once

#include "core/backend/cuda/context.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

// Declared here alone: cudnn_frontend.h takes a compiler minutes.
namespace cudnn_frontend::graph {
class Graph;
}

namespace limpid::cuda {

// Addresses of a cuDNN graph's tensors by their number.
using TensorAddresses = std::unordered_map<std::int64_t, void*>;

// A cuDNN operation graph with the execution plan that measured fastest on this GPU.
class CudnnPlan {
 public:
  using Describe = std::function<void(cudnn_frontend::graph::Graph&)>;

  // Addresses on which candidates may be timed, their contents being lost; empty when there is no
  // room.
  using Tuning = std::function<TensorAddresses()>;

  // `key` names the work for the plan cache; `type` decides which engines are precise enough. Null
  // when cuDNN has no engine for the graph.
  static std::unique_ptr<CudnnPlan> make(Context& context,
                                         const std::string& key,
                                         DataType type,
                                         const Describe& describe,
                                         const Tuning& tuning);

  void run(TensorAddresses& addresses) const;
  // As cuDNN names it: engine and knobs.
  std::string name() const { return name_of(index_); }

 private:
  CudnnPlan(Context& context, std::shared_ptr<cudnn_frontend::graph::Graph> graph)
      : context_(context), graph_(std::move(graph)) {}
  std::string name_of(std::int64_t index) const;
  bool use_plan(std::int64_t index);
  void take(std::int64_t number);
  void choose(const std::string& key, bool compiled_at_run_time, const Tuning& tuning);

  Context& context_;
  std::shared_ptr<cudnn_frontend::graph::Graph> graph_;
  std::int64_t index_ = 0;
  std::shared_ptr<Storage> workspace_;
};

// Median time of one call in milliseconds, on the context's stream, after a warm-up call. Something
// slower than `give_up_ms` is measured once only.
double measure_ms(Context& context, const std::function<void()>& work, double give_up_ms);

}  // namespace limpid::cuda
