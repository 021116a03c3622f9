#pragma once

#include "core/backend/exposer.h"

#include <memory>

namespace limpid::cuda {

std::unique_ptr<Exposer> make_cuda_exposer(int gpu_index);

}  // namespace limpid::cuda
