#pragma once

#include "core/backend/backend.h"
#include "plugin/job/job.h"

#include <cstddef>
#include <memory>
#include <vector>

namespace limpid {

// One backend for each GPU asked for, or the one that DeviceOptions leads to. Throws Error(device).
std::vector<std::unique_ptr<Backend>> make_backends(const DeviceOptions& options);

bool is_gpu(const Backend& backend);

// --gpu_memory as a limit that allocations keep, for runs that cannot plan all they take.
void limit_gpu_memory(const std::vector<std::unique_ptr<Backend>>& backends,
                      const RunOptions& options);

// How much of its memory a run may use on this backend, as the user asked; 0: chosen from what is
// free.
std::size_t memory_limit_bytes(const Backend& backend, const RunOptions& options);

}  // namespace limpid
