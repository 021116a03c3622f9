#pragma once

#include "core/tensor/tensor.h"

#include <cstdint>
#include <string>

namespace limpid::cuda {

// A strided convolution from x to y, with the tensors' layouts.
struct ConvolutionGeometry {
  Shape x;
  std::int64_t x_stride = 0;  // elements from pixel to pixel
  Shape y;
  std::int64_t y_stride = 0;
  std::int64_t kernel_size = 3;
  std::int64_t step = 1;  // of the window: 1, or 2 for a transposed convolution's inverse
  std::int64_t padding = 1;
  DataType type = DataType::bfloat16;

  std::string key() const;
  // The fewest equal parts of the batch whose tensors have at most 512 MiB each, at which cuDNN is
  // as fast as with more and its workspaces stay as small; a single larger image is one part.
  std::int64_t batch_parts() const;
  // The same convolution of one such part.
  ConvolutionGeometry part() const;
};

// The images of one of `parts` equal parts of a batch; of an empty tensor an empty one.
Tensor part_of(const Tensor& tensor, std::int64_t part, std::int64_t parts);

}  // namespace limpid::cuda
