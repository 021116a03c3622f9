#pragma once

#include "core/tensor/tensor.h"

#include <cstddef>
#include <memory>

namespace limpid::cuda {

// Page-locked memory of the host, for all GPUs. Throws Error(device) that states the bytes.
std::shared_ptr<Storage> allocate_pinned(std::size_t size_bytes);

}  // namespace limpid::cuda
