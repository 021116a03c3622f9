#include "plugin/denoise/worker_plan.h"

#include <algorithm>

namespace limpid {
namespace {

constexpr std::int64_t cpu_workers = 3;
// Beyond, a GPU waits for nothing but the memory of the host.
constexpr std::int64_t most_gpu_workers = 24;
// One in the network, one behind it and one before it, and those that are filled and emptied.
constexpr std::int64_t most_staged = 8;
// A staged micrograph has its result beside it where it is cut into tiles.
constexpr std::size_t images_staged = 2;

std::size_t needed_bytes(const WorkerPlan& plan, const WorkerLimits& limits) {
  return static_cast<std::size_t>(plan.worker_count) *
             (static_cast<std::size_t>(limits.images_per_worker) * limits.image_bytes +
              limits.reading_bytes) +
         static_cast<std::size_t>(plan.staging_count) * images_staged * limits.image_bytes;
}

}  // namespace

WorkerPlan plan_workers(const WorkerLimits& limits) {
  // Some wait for the GPU, and leave their processors to others.
  const std::int64_t beside_gpu = limits.threads + limits.threads / 4;
  const auto wanted = limits.is_gpu
                          ? std::clamp<std::int64_t>(beside_gpu, cpu_workers, most_gpu_workers)
                          : cpu_workers;
  WorkerPlan plan;
  for (plan.worker_count = wanted; plan.worker_count > 0; --plan.worker_count) {
    plan.staging_count = limits.is_gpu ? std::min(plan.worker_count, most_staged) : 0;
    if (needed_bytes(plan, limits) <= limits.memory_bytes)
      return plan;
  }
  return {.worker_count = 1, .staging_count = limits.is_gpu ? 1 : 0};
}

}  // namespace limpid
