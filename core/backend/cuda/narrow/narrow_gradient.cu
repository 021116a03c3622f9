#include "core/backend/cuda/check.h"
#include "core/backend/cuda/convolution/partial_sums.cuh"
#include "core/backend/cuda/narrow/narrow_tile.cuh"

#include <algorithm>

// Gradients of the weights and biases of the layers at the ends of a network. Blocks leave sums
// over their tiles, which a second kernel adds.
namespace limpid::cuda {
namespace {

constexpr int gradient_blocks = 2;  // at once on a multiprocessor
constexpr int column_sum_blocks = 256;
constexpr int taps_at_once = 9;
constexpr int unroll = 2;

// Block (b, chunk): sums over the tiles b, b + gridDim.x, ... for up to 9 (tap, narrow channel)
// pairs and all wide channels; with_bias: in chunk 0 also of the wide tensor alone. Threads as in
// narrow_to_wide_kernel. Shared memory: the narrow tile, then one Vector8 a thread.
// partial[b][tap * narrow_channels + n][wide channel], the bias behind all pairs.
template <class T, class N, bool with_bias>
__global__ void __launch_bounds__(narrow_block_size, gradient_blocks)
    narrow_gradient_kernel(const T* __restrict__ wide,
                           std::int64_t wide_stride,
                           const N* __restrict__ narrow,
                           std::int64_t narrow_stride,
                           float* __restrict__ partial,
                           NarrowGeometry g) {
  extern __shared__ float shared[];
  float* tile_values = shared;
  float* sums = shared + (g.halo_height() * g.halo_width() * g.narrow_channels + 3) / 4 * 4;
  const int inner = g.taps() * g.narrow_channels;
  const int first_pair = static_cast<int>(blockIdx.y) * taps_at_once;
  const int pairs = min(taps_at_once, inner - first_pair);
  const int wide_channels = g.wide_groups * vector_channels;
  const int lanes = narrow_block_size / g.wide_groups;
  const int group = static_cast<int>(threadIdx.x) % g.wide_groups;
  const int lane = static_cast<int>(threadIdx.x) / g.wide_groups;

  int offset[taps_at_once];  // of each pair's value from the corner of the kernel window
#pragma unroll
  for (int i = 0; i < taps_at_once; ++i) {
    const int pair = min(first_pair + i, inner - 1);
    const int tap = pair / g.narrow_channels;
    offset[i] = (tap / g.kernel * g.halo_width() + tap % g.kernel) * g.narrow_channels +
                pair % g.narrow_channels;
  }
  Vector8 total[taps_at_once] = {};
  Vector8 bias_total = {};
  for (std::int64_t index = blockIdx.x; index < g.tiles(); index += gridDim.x) {
    const NarrowTile tile = tile_at(g, index);
    __syncthreads();
    load_narrow_tile(tile_values, narrow, narrow_stride, g, tile);
    __syncthreads();
    const T* from = wide + ((tile.n * g.height + tile.y0) * g.width + tile.x0) * wide_stride +
                    group * vector_channels;
    const auto rows_left = static_cast<int>(min(g.height - tile.y0, std::int64_t{tile_height}));
    const auto columns_left = static_cast<int>(min(g.width - tile.x0, std::int64_t{tile_width}));
    for (int first = lane < lanes ? lane : tile_pixels; first < tile_pixels;
         first += unroll * lanes) {
      Vector8 v[unroll];
      int corner[unroll];
#pragma unroll
      for (int u = 0; u < unroll; ++u) {
        const int pixel = min(first + u * lanes, tile_pixels - 1);
        const int row = pixel / tile_width;
        const int column = pixel % tile_width;
        const bool inside =
            first + u * lanes < tile_pixels && row < rows_left && column < columns_left;
        v[u] = inside ? load8(from + (row * g.width + column) * wide_stride) : Vector8{};
        corner[u] = (row * g.halo_width() + column) * g.narrow_channels;
      }
#pragma unroll
      for (int u = 0; u < unroll; ++u) {
#pragma unroll
        for (int i = 0; i < taps_at_once; ++i) {
          const float value = tile_values[corner[u] + offset[i]];
#pragma unroll
          for (int j = 0; j < vector_channels; ++j)
            total[i].v[j] += value * v[u].v[j];
        }
        if constexpr (with_bias)
#pragma unroll
          for (int j = 0; j < vector_channels; ++j)
            bias_total.v[j] += v[u].v[j];
      }
    }
  }

  const int rows = inner + (with_bias ? 1 : 0);
  const auto leave = [&](const Vector8& mine, int row, bool counts) {
    __syncthreads();
    store8(sums + threadIdx.x * vector_channels, mine);
    __syncthreads();
    if (counts)
      for (int c = static_cast<int>(threadIdx.x); c < wide_channels; c += narrow_block_size) {
        float sum = 0.0f;
        for (int l = 0; l < lanes; ++l)
          sum += sums[l * wide_channels + c];
        partial[(static_cast<std::int64_t>(blockIdx.x) * rows + row) * wide_channels + c] = sum;
      }
  };
#pragma unroll
  for (int i = 0; i < taps_at_once; ++i)
    leave(total[i], first_pair + i, i < pairs);
  if constexpr (with_bias)
    leave(bias_total, inner, blockIdx.y == 0);
}

template <class T>
__global__ void finish_narrow_gradient_kernel(const float* partial,
                                              int partials,
                                              NarrowConvolution convolution,
                                              NarrowGeometry g,
                                              int rows,
                                              T* weight_gradient,
                                              T* wide_sums) {
  const int wide_channels = g.wide_groups * vector_channels;
  add_rows(partial, partials, rows * wide_channels, [&](int i, float sum) {
    const int w = i % wide_channels;
    const int n = i / wide_channels % g.narrow_channels;
    const int tap = i / wide_channels / g.narrow_channels;
    if (tap == g.taps())
      return from_float(sum, wide_sums[w]);
    const int stored_tap = convolution.flip ? g.taps() - 1 - tap : tap;
    from_float(sum,
               weight_gradient[stored_tap * convolution.tap_stride + n * convolution.narrow_stride +
                               w * convolution.wide_stride]);
  });
}

// One thread a pixel at a time, all its channels. partial[block][channel].
template <class N>
__global__ void narrow_column_sum_kernel(
    const N* narrow, std::int64_t stride, std::int64_t pixels, int channels, float* partial) {
  __shared__ float sums[most_narrow_channels][narrow_block_size];
  float sum[most_narrow_channels] = {};
  LIMPID_GRID_STRIDE(pixel, pixels) {
#pragma unroll
    for (int c = 0; c < most_narrow_channels; ++c)
      if (c < channels)
        sum[c] += to_float(narrow[pixel * stride + c]);
  }
  const int thread = static_cast<int>(threadIdx.x);
#pragma unroll
  for (int c = 0; c < most_narrow_channels; ++c)
    sums[c][thread] = sum[c];
  for (int width = narrow_block_size / 2; width > 0; width /= 2) {
    __syncthreads();
    if (thread < width)
#pragma unroll
      for (int c = 0; c < most_narrow_channels; ++c)
        sums[c][thread] += sums[c][thread + width];
  }
  __syncthreads();
  if (thread < channels)
    partial[static_cast<int>(blockIdx.x) * channels + thread] = sums[thread][0];
}

int blocks_for_gradient(const NarrowGeometry& g, const NarrowConvolution& convolution) {
  return static_cast<int>(
      std::min<std::int64_t>(g.tiles(), gradient_blocks * convolution.multiprocessors));
}

}  // namespace

void finish_narrow_gradient(const float* partial,
                            int partials,
                            const NarrowConvolution& convolution,
                            const NarrowGeometry& g,
                            DataType type,
                            void* weight_gradient,
                            void* wide_sums,
                            cudaStream_t stream) {
  const int rows = g.taps() * g.narrow_channels + (wide_sums != nullptr ? 1 : 0);
  const int grid = partial_grid(rows * g.wide_groups * vector_channels);
  with_element_type(type, [&]<class T>(T*) {
    finish_narrow_gradient_kernel<T>
        <<<grid, partial_block_size, 0, stream>>>(partial,
                                                  partials,
                                                  convolution,
                                                  g,
                                                  rows,
                                                  static_cast<T*>(weight_gradient),
                                                  static_cast<T*>(wide_sums));
  });
  LIMPID_CUDA_LAUNCH();
}

std::size_t narrow_gradient_workspace(const Shape& wide,
                                      std::int64_t narrow_channels,
                                      const NarrowConvolution& convolution) {
  const NarrowGeometry g = geometry_of(wide, narrow_channels, convolution.kernel_size);
  return sizeof(float) * static_cast<std::size_t>(blocks_for_gradient(g, convolution)) *
         static_cast<std::size_t>((g.taps() * g.narrow_channels + 1) * g.wide_groups *
                                  vector_channels);
}

void narrow_weight_gradient(const Tensor& wide,
                            const Tensor& narrow,
                            const NarrowConvolution& convolution,
                            void* weight_gradient,
                            void* wide_sums,
                            void* workspace,
                            cudaStream_t stream) {
  const NarrowGeometry g =
      geometry_of(wide.shape(), narrow.shape().channels, convolution.kernel_size);
  const int inner = g.taps() * g.narrow_channels;
  const dim3 grid(static_cast<unsigned>(blocks_for_gradient(g, convolution)),
                  static_cast<unsigned>((inner + taps_at_once - 1) / taps_at_once));
  const std::size_t shared_bytes =
      sizeof(float) *
      static_cast<std::size_t>((g.halo_height() * g.halo_width() * g.narrow_channels + 3) / 4 * 4 +
                               narrow_block_size * vector_channels);
  auto* partial = static_cast<float*>(workspace);
  with_element_type(wide.type(), [&]<class T>(T*) {
    with_element_type(narrow.type(), [&]<class N>(N*) {
      const auto kernel = wide_sums != nullptr ? narrow_gradient_kernel<T, N, true>
                                               : narrow_gradient_kernel<T, N, false>;
      allow_shared_memory(kernel, shared_bytes);
      kernel<<<grid, narrow_block_size, shared_bytes, stream>>>(elements<T>(wide),
                                                                wide.pixel_stride(),
                                                                elements<N>(narrow),
                                                                narrow.pixel_stride(),
                                                                partial,
                                                                g);
    });
  });
  LIMPID_CUDA_LAUNCH();
  finish_narrow_gradient(partial,
                         static_cast<int>(grid.x),
                         convolution,
                         g,
                         wide.type(),
                         weight_gradient,
                         wide_sums,
                         stream);
}

std::size_t narrow_column_sum_workspace() {
  return sizeof(float) * column_sum_blocks * most_narrow_channels;
}

void narrow_column_sum(const Tensor& narrow,
                       void* bias_gradient,
                       DataType bias_type,
                       void* workspace,
                       cudaStream_t stream) {
  const int channels = static_cast<int>(narrow.shape().channels);
  require(channels <= most_narrow_channels, "{} narrow channels", channels);
  auto* partial = static_cast<float*>(workspace);
  with_element_type(narrow.type(), [&]<class N>(N*) {
    narrow_column_sum_kernel<N>
        <<<column_sum_blocks, narrow_block_size, 0, stream>>>(elements<N>(narrow),
                                                              narrow.pixel_stride(),
                                                              narrow.shape().pixel_count(),
                                                              channels,
                                                              partial);
  });
  LIMPID_CUDA_LAUNCH();
  with_element_type(bias_type, [&]<class T>(T*) {
    sum_rows_kernel<T><<<partial_grid(channels), partial_block_size, 0, stream>>>(
        partial, column_sum_blocks, channels, static_cast<T*>(bias_gradient));
  });
  LIMPID_CUDA_LAUNCH();
}

}  // namespace limpid::cuda
