#include "core/backend/cuda/context.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace limpid::cuda {
namespace {

std::string machine_name(int gpu_index) {
  cudaDeviceProp properties{};
  LIMPID_CUDA(cudaGetDeviceProperties(&properties, gpu_index));
  return fmt::format(
      "{} sm{}{} cudnn{}", properties.name, properties.major, properties.minor, cudnnGetVersion());
}

cudaDeviceProp select_gpu(int gpu_index) {
  LIMPID_CUDA(cudaSetDevice(gpu_index));
  cudaDeviceProp properties{};
  LIMPID_CUDA(cudaGetDeviceProperties(&properties, gpu_index));
  return properties;
}

Kernels kernels_asked_for() {
  const char* choice = std::getenv("LIMPID_KERNELS");
  if (choice == nullptr || *choice == '\0')
    return Kernels::fastest;
  if (std::string_view(choice) == "own")
    return Kernels::own;
  if (std::string_view(choice) == "cudnn")
    return Kernels::cudnn;
  fail(ErrorKind::input, "LIMPID_KERNELS is '{}'; it can be 'own' or 'cudnn'", choice);
}

void free_device(void* memory) {
  if (cudaFree(memory) != cudaSuccess)
    log_warning("releasing GPU memory failed");
}

void free_pinned(void* memory) {
  if (cudaFreeHost(memory) != cudaSuccess)
    log_warning("releasing page-locked memory failed");
}

}  // namespace

std::shared_ptr<Storage> allocate_device_memory(std::size_t size_bytes) {
  void* memory = nullptr;
  const cudaError_t code = cudaMalloc(&memory, std::max<std::size_t>(size_bytes, 1));
  if (code == cudaErrorMemoryAllocation) {
    static_cast<void>(cudaGetLastError());  // it would be reported again by the next check
    std::size_t free_bytes = 0, total_bytes = 0;
    LIMPID_CUDA(cudaMemGetInfo(&free_bytes, &total_bytes));
    fail(ErrorKind::device,
         "allocating {} bytes of GPU memory failed; {} of {} bytes are free",
         size_bytes,
         free_bytes,
         total_bytes);
  }
  LIMPID_CUDA(code);
  return std::make_shared<Storage>(
      static_cast<std::byte*>(memory), size_bytes, std::shared_ptr<void>(memory, free_device));
}

std::size_t free_device_memory_bytes() {
  std::size_t free_bytes = 0, total_bytes = 0;
  LIMPID_CUDA(cudaMemGetInfo(&free_bytes, &total_bytes));
  return free_bytes;
}

std::shared_ptr<Storage> allocate_pinned(std::size_t size_bytes) {
  void* memory = nullptr;
  if (cudaMallocHost(&memory, std::max<std::size_t>(size_bytes, 1)) != cudaSuccess) {
    static_cast<void>(cudaGetLastError());
    fail(ErrorKind::device, "allocating {} bytes of page-locked memory failed", size_bytes);
  }
  return std::make_shared<Storage>(
      static_cast<std::byte*>(memory), size_bytes, std::shared_ptr<void>(memory, free_pinned));
}

Context::Context(int gpu_index)
    : properties_(select_gpu(gpu_index)),
      stream_(make_stream()),
      cudnn_(make_cudnn_handle(stream_.get())),
      plans_(machine_name(gpu_index)),
      kernels_(kernels_asked_for()) {}

std::shared_ptr<Storage> Context::workspace(std::size_t size_bytes) {
  if (!workspace_ || workspace_->size_bytes() < size_bytes)
    workspace_ = allocate_device_memory(size_bytes);
  return workspace_;
}

// The fast engines for tensors with strided pixels want workspaces as large as the tensors, and
// without them convolutions take ten times as long; so half of what is free, within limits.
std::size_t Context::largest_workspace_bytes() const {
  constexpr std::size_t usual = std::size_t{512} << 20;
  constexpr std::size_t enough = std::size_t{4} << 30;
  const std::size_t held = workspace_ ? workspace_->size_bytes() : 0;
  return std::clamp((held + free_device_memory_bytes()) / 2, usual, enough);
}

}  // namespace limpid::cuda
