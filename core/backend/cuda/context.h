#pragma once

#include "core/backend/cuda/handles.h"
#include "core/backend/cuda/plan_cache.h"
#include "core/backend/memory_ledger.h"
#include "core/tensor/tensor.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace limpid::cuda {

// On the GPU that the calling thread has selected. Throws Error(device) that states the bytes when
// the memory, or the limit set in its ledger, is not enough.
std::shared_ptr<Storage> allocate_device_memory(std::size_t size_bytes);
// Within the limit.
std::size_t free_device_memory_bytes();
// What the driver takes of it for itself, and will take.
std::size_t driver_memory_bytes();
// What this process takes of one GPU's memory.
MemoryLedger& device_memory_ledger(int gpu_index);

// Which kernels run where there is a choice. On Hopper our own: for the layers of the presets they
// are at least as fast as cuDNN's, and cuDNN need not be started. Elsewhere what is fastest.
// $LIMPID_KERNELS, "own", "cudnn" or "fastest", says otherwise, for tests and measurements.
enum class Kernels { fastest, own, cudnn };

// One of the plans that cuDNN has for an operation, instead of the fastest: $LIMPID_CUDNN_PLAN,
// "fused" or "apart" (what is done with a result in the convolution itself, or by a kernel after
// it) and a number, as in "apart 3". Beyond the last plan the first follows. For tests.
struct CudnnPlanChoice {
  bool is_fused = true;
  std::int64_t number = 0;
};

// What all operations of one backend share: the GPU, its stream, the cuDNN handle, scratch memory.
class Context {
 public:
  explicit Context(int gpu_index);

  cudaStream_t stream() const { return stream_.get(); }
  // Started when first asked for: it takes time and GPU memory, and many networks run without it.
  // Throws Error(device) when there is none.
  cudnnHandle_t cudnn();
  PlanCache& plans() { return plans_; }
  Kernels kernels() const { return kernels_; }
  const std::optional<CudnnPlanChoice>& cudnn_plan() const { return cudnn_plan_; }
  // $LIMPID_MULTIPROCESSORS, if it is set: with few of them, small problems are divided as large
  // ones are. For tests.
  int multiprocessor_count() const { return multiprocessors_; }
  // 90 for 9.0. $LIMPID_COMPUTE_CAPABILITY, if it is set: newer GPUs run the kernels for older
  // ones. For tests.
  int compute_capability() const { return compute_capability_; }
  const char* gpu_name() const { return properties_.name; }

  // Scratch memory that operations use one after the other. An operation keeps the block it was
  // given, so a larger one asked for later does not move what a recorded step refers to.
  std::shared_ptr<Storage> workspace(std::size_t size_bytes);
  // Other such memory, for what is kept between two kernels of an operation; freed when no
  // operation keeps it.
  std::shared_ptr<Storage> intermediate(std::size_t size_bytes);
  // The most that an operation should ask for.
  std::size_t largest_workspace_bytes() const;

 private:
  cudaDeviceProp properties_{};
  Stream stream_;
  CudnnHandle cudnn_;  // none before it is needed
  int multiprocessors_;
  int compute_capability_;
  PlanCache plans_;
  Kernels kernels_;
  std::optional<CudnnPlanChoice> cudnn_plan_;
  std::shared_ptr<Storage> workspace_;
  std::weak_ptr<Storage> intermediate_;
};

}  // namespace limpid::cuda
