#pragma once

#include "core/backend/cuda/context.h"
#include "core/backend/ops.h"

#include <memory>

namespace limpid::cuda {

std::unique_ptr<Uploader> make_cuda_uploader(int gpu_index);
std::unique_ptr<Mark> make_cuda_mark(Context& context);

}  // namespace limpid::cuda
