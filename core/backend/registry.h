#pragma once

#include "core/backend/backend.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace limpid {

enum class DeviceKind : std::uint8_t { automatic, cpu, cuda, reference };

// Which processor is wanted. Nothing is ever replaced in silence: `automatic` takes a GPU when one
// works, and says once in the log when it takes the CPU instead; `cuda` without a usable GPU is an
// Error(device).
struct DeviceRequest {
  DeviceKind kind = DeviceKind::automatic;
  int gpu_index = 0;  // among the GPUs this process may see
  // Empty: bfloat16 on a GPU, float32 on the CPU.
  std::optional<DataType> compute_type = std::nullopt;
};

struct GpuInfo {
  int index = 0;
  std::string name;
  int compute_capability = 0;  // 90 for 9.0
  std::size_t total_memory_bytes = 0;
  std::size_t free_memory_bytes = 0;
};

// What this installation and machine can do with GPUs.
struct GpuReport {
  std::vector<GpuInfo> gpus;
  std::string versions;  // of the driver, CUDA and cuDNN; empty without a GPU library
  std::string why_none;  // empty when there is at least one usable GPU
};

GpuReport inspect_gpus();
std::unique_ptr<Backend> make_backend(const DeviceRequest& request);
// Gives back what drivers keep for this process, which the end of the process would wait for.
// Nothing that a GPU's backend has made may exist any more.
void release_gpus();

// Whether the processor multiplies bfloat16 natively.
bool cpu_has_bfloat16();

}  // namespace limpid
