#pragma once

#include "core/backend/backend.h"
#include "plugin/job/job.h"

#include <cstddef>
#include <memory>
#include <vector>

namespace limpid {

// One backend for each GPU asked for, or the one that DeviceOptions leads to. Throws Error(device).
std::vector<std::unique_ptr<Backend>> make_backends(const DeviceOptions& options);

// The same with --gpu_memory as a limit that all allocations keep.
std::vector<std::unique_ptr<Backend>> make_limited_backends(const RunOptions& options);

bool is_gpu(const Backend& backend);

// How much memory the activations of a network may take on this backend; 0: chosen from what is
// free, within the limit of a GPU.
std::size_t activation_limit_bytes(const Backend& backend, const RunOptions& options);

}  // namespace limpid
