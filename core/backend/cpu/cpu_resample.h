#pragma once

#include "core/backend/ops.h"

#include <memory>

namespace limpid::cpu {

std::unique_ptr<Resample> make_cpu_resample(const ResampleDesc& desc);

}  // namespace limpid::cpu
