#pragma once

#include "core/backend/cuda/window_copies.h"
#include "core/backend/ops.h"

#include <memory>

namespace limpid::cuda {

std::unique_ptr<Uploader> make_cuda_uploader(int gpu_index);
std::unique_ptr<Mark> make_cuda_mark(WindowCopies& windows);

}  // namespace limpid::cuda
