#pragma once

#include "core/backend/cuda/convolution/upsampling_layout.h"
#include "core/backend/cuda/device_vector.cuh"

#include <algorithm>
#include <cstdint>

// What the kernels of a 2x2 transposed convolution share:
//
//   y[2h + r, 2w + s, o] = sum over i of x[h, w, i] * weight[i, r, s, o] + bias[o]
//
// a matrix product of pixels x inputs with inputs x (4 * outputs), whose rows go to four places of
// the image. It has few operations for its bytes (64 > 32 channels: 4.3 GFLOP and 101 MB for 1024 x
// 1024 pixels), so what counts is to read x and write y once, with the bias.
namespace limpid::cuda {

struct Upsampling {
  const __nv_bfloat16* x;
  const __nv_bfloat16* weight;
  const __nv_bfloat16* bias;
  __nv_bfloat16* y;
  std::int64_t x_stride;
  std::int64_t y_stride;
  int pixels;  // of x
  int width;
  int inputs;
  int outputs;

  __host__ __device__ int tiles() const {
    return (pixels + UpsamplingBlock::tile_rows - 1) / UpsamplingBlock::tile_rows;
  }
  __host__ __device__ int slices() const { return 4 * outputs / UpsamplingBlock::tile_columns; }
};

// Blocks (any, columns of the weights / 128).
inline dim3 upsampling_grid(const Upsampling& u, int blocks_at_once) {
  return dim3(static_cast<unsigned>(std::clamp(blocks_at_once / u.slices(), 1, u.tiles())),
              static_cast<unsigned>(u.slices()));
}

// Of an input's weights the 8 columns 8 q to 8 q + 7 from `first_column` on, two in a word. In
// shared memory the pair t goes to place 8 t + 2 q of 32 columns: a thread, to which matrix
// instructions leave two neighbouring columns of each of four neighbouring products of 8, then has
// 8 neighbours.
__device__ inline uint4 weights_of_thread(const Upsampling& u, int input, int first_column, int q) {
  return *reinterpret_cast<const uint4*>(
      u.weight + static_cast<std::int64_t>(input) * 4 * u.outputs + first_column + 8 * q);
}

__device__ inline std::uint32_t biased_pair(float low, float high, const Vector8& bias, int t) {
  const __nv_bfloat162 pair = __floats2bfloat162_rn(low + bias.v[2 * t], high + bias.v[2 * t + 1]);
  return *reinterpret_cast<const std::uint32_t*>(&pair);
}

// Where 8 neighbouring columns of a row of the product, the first of which is `column`, go.
__device__ inline __nv_bfloat16* place_in_output(const Upsampling& u, int pixel, int column) {
  const int tap = column / u.outputs;
  const std::int64_t y = 2 * static_cast<std::int64_t>(pixel / u.width) + tap / 2;
  const std::int64_t at = y * 2 * u.width + 2 * (pixel % u.width) + tap % 2;
  return u.y + at * u.y_stride + column % u.outputs;
}

}  // namespace limpid::cuda
