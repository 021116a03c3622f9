#pragma once

#include "core/backend/cuda/check.h"
#include "core/backend/cuda/device_vector.cuh"
#include "core/backend/cuda/kernels.h"

#include <cstddef>
#include <cstdint>
#include <string>

// What the kernels between a narrow and a wide tensor share: blocks of 256 threads take tiles of 32
// x 8 pixels, of which they keep the narrow side in shared memory.
namespace limpid::cuda {

inline constexpr int narrow_block_size = 256;
inline constexpr int tile_width = 32;
inline constexpr int tile_height = 8;
inline constexpr int tile_pixels = tile_width * tile_height;
inline constexpr int most_narrow_channels = 4;

struct NarrowGeometry {
  std::int64_t batch, height, width;
  int kernel;
  int narrow_channels;
  int wide_groups;  // of 8 channels
  std::int64_t tiles_x, tiles_y;

  __host__ __device__ std::int64_t tiles() const { return batch * tiles_y * tiles_x; }
  __host__ __device__ int taps() const { return kernel * kernel; }
  __host__ __device__ int halo_width() const { return tile_width + kernel - 1; }
  __host__ __device__ int halo_height() const { return tile_height + kernel - 1; }
};

struct NarrowTile {
  std::int64_t n, y0, x0;
};

__device__ inline NarrowTile tile_at(const NarrowGeometry& g, std::int64_t index) {
  return {index / (g.tiles_y * g.tiles_x),
          index / g.tiles_x % g.tiles_y * tile_height,
          index % g.tiles_x * tile_width};
}

// The narrow pixels under a tile and its halo, as floats [row][column][channel]; zero outside the
// image.
template <class N>
__device__ void load_narrow_tile(float* shared,
                                 const N* narrow,
                                 std::int64_t stride,
                                 const NarrowGeometry& g,
                                 const NarrowTile& tile) {
  const int channels = g.narrow_channels;
  const int count = g.halo_height() * g.halo_width() * channels;
  for (int i = threadIdx.x; i < count; i += narrow_block_size) {
    const int c = i % channels;
    const int column = i / channels % g.halo_width();
    const int row = i / channels / g.halo_width();
    const std::int64_t y = tile.y0 + row - g.kernel / 2;
    const std::int64_t x = tile.x0 + column - g.kernel / 2;
    const bool inside = y >= 0 && y < g.height && x >= 0 && x < g.width;
    shared[i] =
        inside ? to_float(narrow[((tile.n * g.height + y) * g.width + x) * stride + c]) : 0.0f;
  }
}

inline NarrowGeometry geometry_of(const Shape& wide,
                                  std::int64_t narrow_channels,
                                  std::int64_t kernel) {
  require(
      wide.channels % vector_channels == 0 && wide.channels <= narrow_block_size * vector_channels,
      "{} wide channels",
      wide.channels);
  require(narrow_channels >= 1 && narrow_channels <= most_narrow_channels,
          "{} narrow channels",
          narrow_channels);
  return {wide.batch,
          wide.height,
          wide.width,
          static_cast<int>(kernel),
          static_cast<int>(narrow_channels),
          static_cast<int>(wide.channels / vector_channels),
          (wide.width + tile_width - 1) / tile_width,
          (wide.height + tile_height - 1) / tile_height};
}

// The second half of narrow_weight_gradient(): adds rows of sums that blocks have left,
// partial[block][tap * narrow channels + n][wide channel], with `wide_sums` those of the wide
// tensor alone behind them.
void finish_narrow_gradient(const float* partial,
                            int partials,
                            const NarrowConvolution& convolution,
                            const NarrowGeometry& g,
                            DataType type,
                            void* weight_gradient,
                            void* wide_sums,
                            cudaStream_t stream);

// More than 48 KiB of shared memory has to be asked for. Kernels of many taps and channels may need
// more than there is.
template <class Kernel>
void allow_shared_memory(Kernel* kernel, std::size_t size_bytes) {
  if (size_bytes <= 48 * 1024)
    return;
  const cudaError_t code = cudaFuncSetAttribute(
      kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(size_bytes));
  if (code == cudaErrorInvalidValue) {
    static_cast<void>(cudaGetLastError());  // it would be reported again by the next check
    throw Error(
        ErrorKind::device,
        "a layer of this network needs " + std::to_string(size_bytes) +
            " bytes of shared memory at once, more than this GPU has; the CPU can apply it");
  }
  LIMPID_CUDA(code);
}

}  // namespace limpid::cuda
