#pragma once

#include "core/backend/backend.h"
#include "plugin/job.h"

#include <memory>
#include <vector>

namespace limpid {

// One backend for each GPU asked for, or the one that DeviceOptions leads to. Throws Error(device).
std::vector<std::unique_ptr<Backend>> make_backends(const DeviceOptions& options);

}  // namespace limpid
