#include "plugin/machine/processors.h"

#include "core/backend/registry.h"
#include "core/base/error.h"

namespace limpid {

std::vector<std::unique_ptr<Backend>> make_backends(const DeviceOptions& options) {
  if (!options.gpus.empty() && options.kind == DeviceKind::cpu)
    fail(ErrorKind::usage, "GPUs and --device cpu are asked for together; expected one of them");
  std::vector<std::unique_ptr<Backend>> backends;
  for (const int gpu : options.gpus)
    backends.push_back(make_backend(
        {.kind = DeviceKind::cuda, .gpu_index = gpu, .compute_type = options.precision}));
  if (backends.empty())
    backends.push_back(
        make_backend({.kind = options.kind, .gpu_index = 0, .compute_type = options.precision}));
  return backends;
}

std::vector<std::unique_ptr<Backend>> make_limited_backends(const RunOptions& options) {
  auto backends = make_backends(options.device);
  for (const auto& backend : backends)
    backend->limit_memory(options.gpu_memory_bytes);
  return backends;
}

bool is_gpu(const Backend& backend) {
  return backend.name().starts_with("cuda:");
}

std::size_t activation_limit_bytes(const Backend& backend, const RunOptions& options) {
  return is_gpu(backend) ? 0 : options.memory_bytes;
}

}  // namespace limpid
