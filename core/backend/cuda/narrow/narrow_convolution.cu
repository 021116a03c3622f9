#include "core/backend/cuda/check.h"
#include "core/backend/cuda/narrow/narrow_tile.cuh"

// The layers at the ends of a network, where one side has 1 to 4 channels: too few for tensor
// cores, so these kernels run on the ordinary units and are limited by reading or writing the wide
// tensor once.
namespace limpid::cuda {
namespace {

// One block a tile of 32 x 8 pixels. Thread = (group of 8 wide channels, pixel lane); each lane
// handles every lanes-th pixel of the tile, `unroll` of them at a time so that weights are read
// once for several pixels. Shared memory: weights [tap][narrow][wide], then the narrow tile.
template <class N, class T, int unroll>
__global__ void narrow_to_wide_kernel(const N* narrow,
                                      std::int64_t narrow_stride,
                                      T* wide,
                                      std::int64_t wide_stride,
                                      NarrowConvolution convolution,
                                      const T* weight,
                                      const T* bias,
                                      const T* mask,
                                      std::int64_t mask_stride,
                                      float slope,
                                      NarrowGeometry g) {
  extern __shared__ float shared[];
  const int wide_channels = g.wide_groups * vector_channels;
  const int inner = g.taps() * g.narrow_channels;
  float* weights = shared;
  float* tile_values = shared + inner * wide_channels;
  for (int i = threadIdx.x; i < inner * wide_channels; i += narrow_block_size) {
    const int w = i % wide_channels;
    const int n = i / wide_channels % g.narrow_channels;
    const int tap = i / wide_channels / g.narrow_channels;
    const int stored_tap = convolution.flip ? g.taps() - 1 - tap : tap;
    weights[i] = to_float(weight[stored_tap * convolution.tap_stride +
                                 n * convolution.narrow_stride + w * convolution.wide_stride]);
  }
  const NarrowTile tile = tile_at(g, blockIdx.x);
  load_narrow_tile(tile_values, narrow, narrow_stride, g, tile);
  __syncthreads();

  const int lanes = narrow_block_size / g.wide_groups;
  const int group = threadIdx.x % g.wide_groups;
  const int lane = threadIdx.x / g.wide_groups;
  if (lane >= lanes)
    return;
  const Vector8 b = bias ? load8(bias + group * vector_channels) : Vector8{};
  for (int first = lane; first < tile_pixels; first += lanes * unroll) {
    Vector8 sum[unroll];
    const float* corner[unroll];  // of the kernel window of each pixel
#pragma unroll
    for (int u = 0; u < unroll; ++u) {
      const int pixel = min(first + u * lanes, tile_pixels - 1);
      corner[u] = tile_values +
                  (pixel / tile_width * g.halo_width() + pixel % tile_width) * g.narrow_channels;
      sum[u] = b;
    }
    for (int row = 0; row < g.kernel; ++row)
      for (int i = 0; i < g.kernel * g.narrow_channels; ++i) {
        const float* w = weights + (row * g.kernel * g.narrow_channels + i) * wide_channels +
                         group * vector_channels;
        const Vector8 w8 = load8(w);
#pragma unroll
        for (int u = 0; u < unroll; ++u) {
          const float x = corner[u][row * g.halo_width() * g.narrow_channels + i];
#pragma unroll
          for (int j = 0; j < vector_channels; ++j)
            sum[u].v[j] += x * w8.v[j];
        }
      }
#pragma unroll
    for (int u = 0; u < unroll; ++u) {
      const int pixel = first + u * lanes;
      const std::int64_t y = tile.y0 + pixel / tile_width;
      const std::int64_t x = tile.x0 + pixel % tile_width;
      if (pixel >= tile_pixels || y >= g.height || x >= g.width)
        continue;
      const std::int64_t at = (tile.n * g.height + y) * g.width + x;
      const Vector8 decides =
          mask ? load8(mask + at * mask_stride + group * vector_channels) : sum[u];
#pragma unroll
      for (int j = 0; j < vector_channels; ++j)
        sum[u].v[j] *= decides.v[j] > 0.0f ? 1.0f : slope;
      store8(wide + at * wide_stride + group * vector_channels, sum[u]);
    }
  }
}

// `lanes` neighbouring threads of a warp share one pixel, each taking every lanes-th group of 8
// channels.
template <class T, class N>
__global__ void wide_to_narrow_kernel(const T* wide,
                                      std::int64_t wide_stride,
                                      N* narrow,
                                      std::int64_t narrow_stride,
                                      NarrowConvolution convolution,
                                      const T* weight,
                                      const T* bias,
                                      int lanes,
                                      NarrowGeometry g) {
  extern __shared__ float shared[];  // weights [narrow][tap][wide]
  const int wide_channels = g.wide_groups * vector_channels;
  for (int i = threadIdx.x; i < g.narrow_channels * g.taps() * wide_channels;
       i += narrow_block_size) {
    const int w = i % wide_channels;
    const int tap = i / wide_channels % g.taps();
    const int n = i / wide_channels / g.taps();
    const int stored_tap = convolution.flip ? g.taps() - 1 - tap : tap;
    shared[i] = to_float(weight[stored_tap * convolution.tap_stride +
                                n * convolution.narrow_stride + w * convolution.wide_stride]);
  }
  __syncthreads();
  const std::int64_t pixels = g.batch * g.height * g.width;
  const int lane = threadIdx.x % lanes;
  const int pixels_per_block = narrow_block_size / lanes;
  // All threads of a warp take part in the shuffles, also those past the last pixel.
  for (std::int64_t base = static_cast<std::int64_t>(blockIdx.x) * pixels_per_block; base < pixels;
       base += static_cast<std::int64_t>(gridDim.x) * pixels_per_block) {
    const std::int64_t pixel = base + threadIdx.x / lanes;
    const std::int64_t row = pixel / g.width;
    const std::int64_t x = pixel % g.width;
    float sum[most_narrow_channels] = {};
    for (int tap = 0; tap < g.taps(); ++tap) {
      const std::int64_t y_in = row % g.height + tap / g.kernel - g.kernel / 2;
      const std::int64_t x_in = x + tap % g.kernel - g.kernel / 2;
      if (pixel >= pixels || y_in < 0 || y_in >= g.height || x_in < 0 || x_in >= g.width)
        continue;
      const T* at = wide + ((row / g.height * g.height + y_in) * g.width + x_in) * wide_stride;
      for (int group = lane; group < g.wide_groups; group += lanes) {
        const Vector8 v = load8(at + group * vector_channels);
#pragma unroll
        for (int n = 0; n < most_narrow_channels; ++n)
          if (n < g.narrow_channels) {
            const Vector8 w =
                load8(shared + (n * g.taps() + tap) * wide_channels + group * vector_channels);
#pragma unroll
            for (int j = 0; j < vector_channels; ++j)
              sum[n] += v.v[j] * w.v[j];
          }
      }
    }
#pragma unroll
    for (int n = 0; n < most_narrow_channels; ++n)
      for (int offset = lanes / 2; offset > 0; offset /= 2)
        sum[n] += __shfl_xor_sync(0xffffffffu, sum[n], offset);
    if (lane == 0 && pixel < pixels)
#pragma unroll
      for (int n = 0; n < most_narrow_channels; ++n)
        if (n < g.narrow_channels)
          from_float(sum[n] + (bias ? to_float(bias[n]) : 0.0f), narrow[pixel * narrow_stride + n]);
  }
}

}  // namespace

void convolve_narrow_to_wide(const Tensor& narrow,
                             const Tensor& wide,
                             const NarrowConvolution& convolution,
                             const void* weight,
                             const void* bias,
                             const Tensor& mask,
                             Activation activation,
                             cudaStream_t stream) {
  const NarrowGeometry g =
      geometry_of(wide.shape(), narrow.shape().channels, convolution.kernel_size);
  const std::size_t shared_bytes =
      sizeof(float) *
      static_cast<std::size_t>(g.taps() * g.narrow_channels * g.wide_groups * vector_channels +
                               g.halo_height() * g.halo_width() * g.narrow_channels);
  with_element_type(narrow.type(), [&]<class N>(N*) {
    with_element_type(wide.type(), [&]<class T>(T*) {
      const auto kernel = narrow_to_wide_kernel<N, T, 4>;
      allow_shared_memory(kernel, shared_bytes);
      kernel<<<static_cast<unsigned>(g.tiles()), narrow_block_size, shared_bytes, stream>>>(
          elements<N>(narrow),
          narrow.pixel_stride(),
          elements<T>(wide),
          wide.pixel_stride(),
          convolution,
          static_cast<const T*>(weight),
          static_cast<const T*>(bias),
          mask.empty() ? nullptr : elements<T>(mask),
          mask.empty() ? 0 : mask.pixel_stride(),
          negative_slope(activation),
          g);
    });
  });
  LIMPID_CUDA_LAUNCH();
}

void convolve_wide_to_narrow(const Tensor& wide,
                             const Tensor& narrow,
                             const NarrowConvolution& convolution,
                             const void* weight,
                             const void* bias,
                             cudaStream_t stream) {
  const NarrowGeometry g =
      geometry_of(wide.shape(), narrow.shape().channels, convolution.kernel_size);
  int lanes = 1;  // a power of two that divides the groups, so that no thread idles
  while (lanes < 16 && g.wide_groups % (2 * lanes) == 0)
    lanes *= 2;
  const std::size_t shared_bytes =
      sizeof(float) *
      static_cast<std::size_t>(g.narrow_channels * g.taps() * g.wide_groups * vector_channels);
  const int grid = grid_size(wide.shape().pixel_count() * lanes, narrow_block_size);
  with_element_type(wide.type(), [&]<class T>(T*) {
    with_element_type(narrow.type(), [&]<class N>(N*) {
      const auto kernel = wide_to_narrow_kernel<T, N>;
      allow_shared_memory(kernel, shared_bytes);
      kernel<<<grid, narrow_block_size, shared_bytes, stream>>>(elements<T>(wide),
                                                                wide.pixel_stride(),
                                                                elements<N>(narrow),
                                                                narrow.pixel_stride(),
                                                                convolution,
                                                                static_cast<const T*>(weight),
                                                                static_cast<const T*>(bias),
                                                                lanes,
                                                                g);
    });
  });
  LIMPID_CUDA_LAUNCH();
}

}  // namespace limpid::cuda
