#include "core/backend/cuda/cuda_backend.h"
#include "core/backend/cuda/hopper/rows/row_convolution.h"
#include "core/backend/cuda_library.h"
#include "core/backend/cudnn_library.h"
#include "core/base/phase_log.h"

#include <limpid_version.h>
#include <mutex>
#include <set>
#include <utility>

namespace limpid::cuda {
namespace {

std::string version_text(int version) {
  return fmt::format("{}.{}", version / 1000, version % 1000 / 10);
}

std::string cudnn_version_text() {
  if (!load_cudnn())
    return "none";
  const std::size_t version = cudnnGetVersion();
  return fmt::format("{}.{}.{}", version / 10000, version % 10000 / 100, version % 100);
}

GpuReport inspect() {
  GpuReport report;
  int driver = 0, runtime = 0, count = 0;
  static_cast<void>(cudaDriverGetVersion(&driver));
  static_cast<void>(cudaRuntimeGetVersion(&runtime));
  report.versions = fmt::format("driver for CUDA {}, CUDA runtime {}, cuDNN {}",
                                driver > 0 ? version_text(driver) : "none",
                                version_text(runtime),
                                cudnn_version_text());
  const cudaError_t code = cudaGetDeviceCount(&count);
  if (code != cudaSuccess) {
    static_cast<void>(cudaGetLastError());
    if (driver == 0)
      report.why_none = "no NVIDIA driver is installed";
    else if (code == cudaErrorInsufficientDriver)
      report.why_none = fmt::format("the GPU driver supports CUDA {}, this program needs {}",
                                    version_text(driver),
                                    version_text(runtime));
    else
      report.why_none = fmt::format("no GPU: {}", cudaGetErrorString(code));
    return report;
  }
  for (int index = 0; index < count; ++index) {
    cudaDeviceProp properties{};
    GpuInfo gpu;
    if (cudaGetDeviceProperties(&properties, index) != cudaSuccess)
      continue;
    gpu.index = index;
    gpu.name = properties.name;
    gpu.compute_capability = 10 * properties.major + properties.minor;
    gpu.total_memory_bytes = properties.totalGlobalMem;
    report.gpus.push_back(gpu);
  }
  log_phase("GPUs found");
  // Where no convolution has a kernel of our own, nothing works without cuDNN.
  if (!load_cudnn() && std::erase_if(report.gpus, [](const GpuInfo& gpu) {
                         return !has_row_kernels(gpu.compute_capability);
                       }) > 0)
    report.why_none = "cuDNN 9 is needed, and libcudnn.so.9 was not found";
  else if (report.gpus.empty())
    report.why_none = "the driver shows no GPU";
  return report;
}

std::mutex used_mutex;
std::set<int> used_gpus;

// Networks of usual layers need no cuDNN where there are kernels of our own for them.
bool will_need_cudnn(int gpu_index, DataType compute_type) {
  int major = 0, minor = 0;
  const bool is_known =
      cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, gpu_index) == cudaSuccess &&
      cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, gpu_index) == cudaSuccess;
  return compute_type != DataType::bfloat16 || !is_known || !has_row_kernels(10 * major + minor);
}

std::unique_ptr<Backend> make_backend(int gpu_index, DataType compute_type) {
  if (will_need_cudnn(gpu_index, compute_type))
    begin_loading_cudnn();  // beside the start of the GPU
  const std::lock_guard lock(used_mutex);
  used_gpus.insert(gpu_index);
  return std::make_unique<CudaBackend>(gpu_index, compute_type);
}

void release_gpus() {
  const std::lock_guard lock(used_mutex);
  for (const int gpu_index : std::exchange(used_gpus, {}))
    if (cudaSetDevice(gpu_index) != cudaSuccess || cudaDeviceReset() != cudaSuccess)
      log_warning("giving back GPU {} failed", gpu_index);
  log_phase("GPUs given back");
}

}  // namespace
}  // namespace limpid::cuda

extern "C" __attribute__((visibility("default"))) const limpid::CudaLibrary* limpid_cuda_library() {
  static const limpid::CudaLibrary library{LIMPID_VERSION,
                                           limpid::cuda::inspect,
                                           limpid::cuda::make_backend,
                                           limpid::cuda::release_gpus};
  return &library;
}
