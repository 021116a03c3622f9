#include "core/backend/cuda/context.h"

#include "core/backend/cuda/hopper/rows/row_convolution.h"
#include "core/backend/cudnn_library.h"
#include "core/base/build_id.h"
#include "core/base/phase_log.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <map>
#include <mutex>
#include <sstream>
#include <string_view>

namespace limpid::cuda {
namespace {

constexpr int oldest_gpu = 60;  // that code is built for, with a CUDA 12 toolkit

// What makes a choice of kernels out of date: another GPU, another cuDNN, other kernels of our own.
std::string machine_name(const char* gpu_name, int compute_capability) {
  constexpr std::size_t digits = 12;
  return fmt::format("{} sm{} cudnn{} {}",
                     gpu_name,
                     compute_capability,
                     load_cudnn() ? cudnnGetVersion() : 0,
                     build_id(reinterpret_cast<const void*>(&machine_name)).substr(0, digits));
}

cudaDeviceProp select_gpu(int gpu_index) {
  LIMPID_CUDA(cudaSetDevice(gpu_index));
  cudaDeviceProp properties{};
  LIMPID_CUDA(cudaGetDeviceProperties(&properties, gpu_index));
  log_phase("GPU selected");
  return properties;
}

Kernels kernels_asked_for(int compute_capability) {
  const char* choice = std::getenv("LIMPID_KERNELS");
  if (choice == nullptr || *choice == '\0')
    return has_row_kernels(compute_capability) || !load_cudnn() ? Kernels::own : Kernels::fastest;
  if (std::string_view(choice) == "own")
    return Kernels::own;
  if (std::string_view(choice) == "cudnn")
    return Kernels::cudnn;
  if (std::string_view(choice) == "fastest")
    return Kernels::fastest;
  fail(ErrorKind::input, "LIMPID_KERNELS is '{}'; it can be 'own', 'cudnn' or 'fastest'", choice);
}

// What a GPU has, or less of it, if a variable says so.
int asked_for(const char* variable, int least, int most) {
  const char* value = std::getenv(variable);
  if (value == nullptr || *value == '\0')
    return most;
  const std::string_view text(value);
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < least || number > most)
    fail(ErrorKind::input,
         "{} is '{}'; on this GPU it can be {} to {}",
         variable,
         text,
         least,
         most);
  return number;
}

std::optional<CudnnPlanChoice> cudnn_plan_asked_for() {
  const char* text = std::getenv("LIMPID_CUDNN_PLAN");
  if (text == nullptr || *text == '\0')
    return std::nullopt;
  std::istringstream words(text);
  std::string kind;
  CudnnPlanChoice choice;
  words >> kind >> choice.number;
  if (words.fail() || !words.eof() || (kind != "fused" && kind != "apart") || choice.number < 0)
    fail(ErrorKind::input,
         "LIMPID_CUDNN_PLAN is '{}'; it can be 'fused' or 'apart' and a number from 0 on",
         text);
  choice.is_fused = kind == "fused";
  return choice;
}

void free_device(void* memory) {
  if (cudaFree(memory) != cudaSuccess)
    log_warning("releasing GPU memory failed");
}

int selected_gpu() {
  int index = 0;
  LIMPID_CUDA(cudaGetDevice(&index));
  return index;
}

}  // namespace

MemoryLedger& device_memory_ledger(int gpu_index) {
  static std::mutex mutex;
  static std::map<int, MemoryLedger> ledgers;
  const std::lock_guard lock(mutex);
  return ledgers[gpu_index];
}

std::shared_ptr<Storage> allocate_device_memory(std::size_t size_bytes) {
  MemoryLedger& ledger = device_memory_ledger(selected_gpu());
  if (!ledger.take(size_bytes))
    fail(ErrorKind::device,
         "{} bytes of GPU memory are too many: {} of the {} that may be used are taken, the "
         "driver's own with them",
         size_bytes,
         ledger.taken_bytes() + ledger.besides_bytes(),
         ledger.limit_bytes());
  void* memory = nullptr;
  const cudaError_t code = cudaMalloc(&memory, std::max<std::size_t>(size_bytes, 1));
  if (code != cudaSuccess)
    ledger.give_back(size_bytes);
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
  const std::shared_ptr<void> owner(memory, [&ledger, size_bytes](void* address) {
    free_device(address);
    ledger.give_back(size_bytes);
  });
  return std::make_shared<Storage>(static_cast<std::byte*>(memory), size_bytes, owner);
}

// The driver does not say what it takes for itself: it is what is in use and not taken by us.
// Others may use the GPU as well, so no more than it is known to take; and some room for the code
// of kernels, which it loads when they are first run.
std::size_t driver_memory_bytes() {
  constexpr std::size_t most = std::size_t{640} << 20;
  constexpr std::size_t later = std::size_t{64} << 20;
  std::size_t free_bytes = 0, total_bytes = 0;
  LIMPID_CUDA(cudaMemGetInfo(&free_bytes, &total_bytes));
  const std::size_t taken = device_memory_ledger(selected_gpu()).taken_bytes();
  const std::size_t used = total_bytes - std::min(free_bytes, total_bytes);
  return std::min(used - std::min(taken, used), most) + later;
}

std::size_t free_device_memory_bytes() {
  std::size_t free_bytes = 0, total_bytes = 0;
  LIMPID_CUDA(cudaMemGetInfo(&free_bytes, &total_bytes));
  return device_memory_ledger(selected_gpu()).available_bytes(free_bytes);
}

Context::Context(int gpu_index)
    : properties_(select_gpu(gpu_index)),
      stream_(make_stream()),
      multiprocessors_(asked_for("LIMPID_MULTIPROCESSORS", 1, properties_.multiProcessorCount)),
      compute_capability_(asked_for(
          "LIMPID_COMPUTE_CAPABILITY", oldest_gpu, 10 * properties_.major + properties_.minor)),
      plans_(machine_name(gpu_name(), compute_capability_)),
      kernels_(kernels_asked_for(compute_capability_)),
      cudnn_plan_(cudnn_plan_asked_for()) {
  log_phase("GPU ready");
}

cudnnHandle_t Context::cudnn() {
  if (cudnn_.get() == nullptr) {
    if (!load_cudnn())
      fail(ErrorKind::device,
           "{} needs cuDNN 9 for this network, and libcudnn.so.9 was not found; LIMPID_CUDNN_DIR "
           "can name its folder",
           gpu_name());
    cudnn_ = make_cudnn_handle(stream_.get());
    log_phase("cuDNN ready");
  }
  return cudnn_.get();
}

std::shared_ptr<Storage> Context::workspace(std::size_t size_bytes) {
  if (!workspace_ || workspace_->size_bytes() < size_bytes)
    workspace_ = allocate_device_memory(size_bytes);
  return workspace_;
}

std::shared_ptr<Storage> Context::intermediate(std::size_t size_bytes) {
  std::shared_ptr<Storage> block = intermediate_.lock();
  if (!block || block->size_bytes() < size_bytes)
    intermediate_ = block = allocate_device_memory(size_bytes);
  return block;
}

// The fast engines for tensors with strided pixels want workspaces as large as the tensors, and
// without them convolutions take ten times as long; so half of what is free, within limits, and
// never more than there is.
std::size_t Context::largest_workspace_bytes() const {
  constexpr std::size_t usual = std::size_t{512} << 20;
  constexpr std::size_t enough = std::size_t{4} << 30;
  const std::size_t held = workspace_ ? workspace_->size_bytes() : 0;
  const std::size_t available = held + free_device_memory_bytes();
  return std::min(std::clamp(available / 2, usual, enough), available);
}

}  // namespace limpid::cuda
