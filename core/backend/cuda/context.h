#pragma once

#include "core/backend/cuda/handles.h"
#include "core/backend/cuda/plan_cache.h"
#include "core/backend/memory_ledger.h"
#include "core/tensor/tensor.h"

#include <cstddef>
#include <memory>

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

// Which kernels run where there is a choice. $LIMPID_KERNELS, "own" or "cudnn", takes the choice
// away, for tests and measurements.
enum class Kernels { fastest, own, cudnn };

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
  int multiprocessor_count() const { return properties_.multiProcessorCount; }
  int compute_capability() const { return 10 * properties_.major + properties_.minor; }
  const char* gpu_name() const { return properties_.name; }

  // Scratch memory that operations use one after the other. An operation keeps the block it was
  // given, so a larger one asked for later does not move what a recorded step refers to.
  std::shared_ptr<Storage> workspace(std::size_t size_bytes);
  // The most that an operation should ask for.
  std::size_t largest_workspace_bytes() const;

 private:
  cudaDeviceProp properties_{};
  Stream stream_;
  CudnnHandle cudnn_;  // none before it is needed
  PlanCache plans_;
  Kernels kernels_;
  std::shared_ptr<Storage> workspace_;
};

}  // namespace limpid::cuda
