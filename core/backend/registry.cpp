#include "core/backend/registry.h"

#include "core/backend/cpu/cpu_backend.h"
#include "core/backend/cuda_library.h"
#include "core/backend/reference/reference_backend.h"
#include "core/base/log.h"

namespace limpid {
namespace {

std::unique_ptr<Backend> make_cuda_backend(const DeviceRequest& request) {
  const GpuReport report = inspect_gpus();
  if (report.gpus.empty())
    fail(ErrorKind::device, "a GPU was asked for and none can be used: {}", report.why_none);
  if (request.gpu_index < 0 || request.gpu_index >= static_cast<int>(report.gpus.size()))
    fail(ErrorKind::device,
         "GPU {} was asked for; this machine shows GPUs 0 to {}",
         request.gpu_index,
         report.gpus.size() - 1);
  std::string ignored;
  return load_cuda_library(ignored)->make_backend(
      request.gpu_index, request.compute_type.value_or(DataType::bfloat16));
}

}  // namespace

GpuReport inspect_gpus() {
  GpuReport report;
  const CudaLibrary* library = load_cuda_library(report.why_none);
  return library ? library->inspect() : report;
}

void release_gpus() {
  std::string ignored;
  if (const CudaLibrary* library = load_cuda_library(ignored))
    library->release_gpus();
}

bool cpu_has_bfloat16() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512bf16") != 0;
#else
  return false;
#endif
}

std::unique_ptr<Backend> make_backend(const DeviceRequest& request) {
  const DataType cpu_type = request.compute_type.value_or(DataType::float32);
  switch (request.kind) {
    case DeviceKind::reference:
      return std::make_unique<reference::ReferenceBackend>(cpu_type);
    case DeviceKind::cpu:
      return std::make_unique<cpu::CpuBackend>(cpu_type);
    case DeviceKind::cuda:
      return make_cuda_backend(request);
    case DeviceKind::automatic:
      break;
  }
  const GpuReport report = inspect_gpus();
  if (!report.gpus.empty())
    return make_cuda_backend(request);
  log_info("running on the CPU: {}", report.why_none);
  return std::make_unique<cpu::CpuBackend>(cpu_type);
}

}  // namespace limpid
