#pragma once

#include "core/tensor/tensor.h"

#include <cuda.h>

namespace limpid::cuda {

// Tells Hopper's tensor memory accelerator how to bring rows of 66 pixels of this tensor, in
// bfloat16 and with 32, 64 or 128 channels, to shared memory in the order of
// row_convolution_layout.h. The tensor may be a slice; its start and the distance of its pixels are
// multiples of 16 bytes. Holds the address of the tensor, and is passed to kernels by value.
CUtensorMap row_map(const Tensor& input);

}  // namespace limpid::cuda
