#pragma once

#include "core/tensor/tensor.h"

#include <cuda.h>

#include <cstdint>

namespace limpid::cuda {

struct ConvolutionWeights {
  std::int64_t outputs = 0;
  std::int64_t taps = 9;
  std::int64_t inputs = 0;
};

// Tells Hopper's tensor memory accelerator how to bring rows of 66 pixels of this tensor, in
// bfloat16 and with 32, 64 or 128 channels, to shared memory in the order of
// row_convolution_layout.h. The tensor may be a slice; its start and the distance of its pixels are
// multiples of 16 bytes. Holds the address of the tensor, and is passed to kernels by value.
CUtensorMap row_map(const Tensor& input);

// The same for boxes of 32 or 64 neighbouring channels, `pixels` x `rows`, one row after the other,
// swizzled by as many bytes as the channels take.
CUtensorMap box_map(const Tensor& tensor, int channels, int pixels, int rows);

// The same, but the images of the batch are one image, one below the other.
CUtensorMap stacked_box_map(const Tensor& tensor, int channels, int pixels, int rows);

// Boxes of `channels` neighbouring input channels of one tap of `outputs` outputs, of the weights
// (output, tap, input) of a convolution in bfloat16. Coordinates: input, tap, output.
CUtensorMap weight_map(const void* weight,
                       const ConvolutionWeights& size,
                       int channels,
                       int outputs);

// Boxes of `pixels` x `rows` squares of 2 x 2 pixels of such an image of even size. Of each row of
// squares first come the upper left pixels, then the upper right ones, and so on. With a `side` of
// 1 a box has one pixel of each square. Coordinates: channel, square, right or left pixel (0 or 1),
// upper or lower, row.
CUtensorMap quad_map(const Tensor& tensor, int channels, int pixels, int rows, int side = 2);

}  // namespace limpid::cuda
