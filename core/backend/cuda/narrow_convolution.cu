#include "core/backend/cuda/check.h"
#include "core/backend/cuda/device_vector.cuh"
#include "core/backend/cuda/kernels.h"

#include <algorithm>

// The layers at the ends of a network, where one side has 1 to 4 channels: too few for tensor
// cores, so these kernels run on the ordinary units and are limited by reading or writing the wide
// tensor once.
namespace limpid::cuda {
namespace {

constexpr int block_size = 256;
constexpr int tile_width = 32;
constexpr int tile_height = 8;
constexpr int tile_pixels = tile_width * tile_height;
constexpr int largest_narrow = 4;
constexpr int gradient_blocks = 528;  // 4 on each of 132 multiprocessors

struct Geometry {
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

struct Tile {
  std::int64_t n, y0, x0;
};

__device__ inline Tile tile_at(const Geometry& g, std::int64_t index) {
  return {index / (g.tiles_y * g.tiles_x),
          index / g.tiles_x % g.tiles_y * tile_height,
          index % g.tiles_x * tile_width};
}

// The narrow pixels under a tile and its halo, as floats [row][column][channel]; zero outside the
// image.
template <class N>
__device__ void load_narrow_tile(
    float* shared, const N* narrow, std::int64_t stride, const Geometry& g, const Tile& tile) {
  const int channels = g.narrow_channels;
  const int count = g.halo_height() * g.halo_width() * channels;
  for (int i = threadIdx.x; i < count; i += block_size) {
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
                                      Geometry g) {
  extern __shared__ float shared[];
  const int wide_channels = g.wide_groups * vector_channels;
  const int inner = g.taps() * g.narrow_channels;
  float* weights = shared;
  float* tile_values = shared + inner * wide_channels;
  for (int i = threadIdx.x; i < inner * wide_channels; i += block_size) {
    const int w = i % wide_channels;
    const int n = i / wide_channels % g.narrow_channels;
    const int tap = i / wide_channels / g.narrow_channels;
    const int stored_tap = convolution.flip ? g.taps() - 1 - tap : tap;
    weights[i] = to_float(weight[stored_tap * convolution.tap_stride +
                                 n * convolution.narrow_stride + w * convolution.wide_stride]);
  }
  const Tile tile = tile_at(g, blockIdx.x);
  load_narrow_tile(tile_values, narrow, narrow_stride, g, tile);
  __syncthreads();

  const int lanes = block_size / g.wide_groups;
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
                                      Geometry g) {
  extern __shared__ float shared[];  // weights [narrow][tap][wide]
  const int wide_channels = g.wide_groups * vector_channels;
  for (int i = threadIdx.x; i < g.narrow_channels * g.taps() * wide_channels; i += block_size) {
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
  const int pixels_per_block = block_size / lanes;
  // All threads of a warp take part in the shuffles, also those past the last pixel.
  for (std::int64_t base = static_cast<std::int64_t>(blockIdx.x) * pixels_per_block; base < pixels;
       base += static_cast<std::int64_t>(gridDim.x) * pixels_per_block) {
    const std::int64_t pixel = base + threadIdx.x / lanes;
    const std::int64_t row = pixel / g.width;
    const std::int64_t x = pixel % g.width;
    float sum[largest_narrow] = {};
    for (int tap = 0; tap < g.taps(); ++tap) {
      const std::int64_t y_in = row % g.height + tap / g.kernel - g.kernel / 2;
      const std::int64_t x_in = x + tap % g.kernel - g.kernel / 2;
      if (pixel >= pixels || y_in < 0 || y_in >= g.height || x_in < 0 || x_in >= g.width)
        continue;
      const T* at = wide + ((row / g.height * g.height + y_in) * g.width + x_in) * wide_stride;
      for (int group = lane; group < g.wide_groups; group += lanes) {
        const Vector8 v = load8(at + group * vector_channels);
#pragma unroll
        for (int n = 0; n < largest_narrow; ++n)
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
    for (int n = 0; n < largest_narrow; ++n)
      for (int offset = lanes / 2; offset > 0; offset /= 2)
        sum[n] += __shfl_xor_sync(0xffffffffu, sum[n], offset);
    if (lane == 0 && pixel < pixels)
#pragma unroll
      for (int n = 0; n < largest_narrow; ++n)
        if (n < g.narrow_channels)
          from_float(sum[n] + (bias ? to_float(bias[n]) : 0.0f), narrow[pixel * narrow_stride + n]);
  }
}

constexpr int taps_at_once = 9;

// Block (b, chunk): sums over the tiles b, b + gridDim.x, ... for up to 9 (tap, narrow channel)
// pairs and all wide channels. Threads as in narrow_to_wide_kernel. Shared memory: the narrow tile,
// then one Vector8 a thread. partial[b][tap * narrow_channels + n][wide channel].
template <class T, class N>
__global__ void narrow_gradient_kernel(const T* wide,
                                       std::int64_t wide_stride,
                                       const N* narrow,
                                       std::int64_t narrow_stride,
                                       float* partial,
                                       Geometry g) {
  extern __shared__ float shared[];
  float* tile_values = shared;
  float* sums = shared + (g.halo_height() * g.halo_width() * g.narrow_channels + 3) / 4 * 4;
  const int inner = g.taps() * g.narrow_channels;
  const int first_pair = blockIdx.y * taps_at_once;
  const int pairs = min(taps_at_once, inner - first_pair);
  const int wide_channels = g.wide_groups * vector_channels;
  const int lanes = block_size / g.wide_groups;
  const int group = threadIdx.x % g.wide_groups;
  const int lane = threadIdx.x / g.wide_groups;

  int offset[taps_at_once];  // of each pair's value from the corner of the kernel window
#pragma unroll
  for (int i = 0; i < taps_at_once; ++i) {
    const int pair = min(first_pair + i, inner - 1);
    const int tap = pair / g.narrow_channels;
    offset[i] = (tap / g.kernel * g.halo_width() + tap % g.kernel) * g.narrow_channels +
                pair % g.narrow_channels;
  }
  Vector8 total[taps_at_once] = {};
  for (std::int64_t index = blockIdx.x; index < g.tiles(); index += gridDim.x) {
    const Tile tile = tile_at(g, index);
    __syncthreads();
    load_narrow_tile(tile_values, narrow, narrow_stride, g, tile);
    __syncthreads();
    if (lane < lanes)
      for (int pixel = lane; pixel < tile_pixels; pixel += lanes) {
        const std::int64_t y = tile.y0 + pixel / tile_width;
        const std::int64_t x = tile.x0 + pixel % tile_width;
        if (y >= g.height || x >= g.width)
          continue;
        const Vector8 v = load8(wide + ((tile.n * g.height + y) * g.width + x) * wide_stride +
                                group * vector_channels);
        const float* corner =
            tile_values +
            (pixel / tile_width * g.halo_width() + pixel % tile_width) * g.narrow_channels;
#pragma unroll
        for (int i = 0; i < taps_at_once; ++i) {
          const float value = corner[offset[i]];
#pragma unroll
          for (int j = 0; j < vector_channels; ++j)
            total[i].v[j] += value * v.v[j];
        }
      }
  }
#pragma unroll
  for (int i = 0; i < taps_at_once; ++i) {
    __syncthreads();
    store8(sums + threadIdx.x * vector_channels, total[i]);
    __syncthreads();
    if (i < pairs)
      for (int c = threadIdx.x; c < wide_channels; c += block_size) {
        float sum = 0.0f;
        for (int l = 0; l < lanes; ++l)
          sum += sums[(l * g.wide_groups + c / vector_channels) * vector_channels +
                      c % vector_channels];
        partial[(static_cast<std::int64_t>(blockIdx.x) * inner + first_pair + i) * wide_channels +
                c] = sum;
      }
  }
}

// One thread a weight.
template <class T>
__global__ void finish_narrow_gradient_kernel(const float* partial,
                                              int partials,
                                              NarrowConvolution convolution,
                                              T* weight_gradient,
                                              int narrow_channels,
                                              int taps,
                                              int wide_channels) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  const int count = taps * narrow_channels * wide_channels;
  if (i >= count)
    return;
  float sum = 0.0f;
  for (int p = 0; p < partials; ++p)
    sum += partial[static_cast<std::int64_t>(p) * count + i];
  const int w = i % wide_channels;
  const int n = i / wide_channels % narrow_channels;
  const int tap = i / wide_channels / narrow_channels;
  const int stored_tap = convolution.flip ? taps - 1 - tap : tap;
  from_float(sum,
             weight_gradient[stored_tap * convolution.tap_stride + n * convolution.narrow_stride +
                             w * convolution.wide_stride]);
}

// One block. Thread t sums elements t, t + 1024, ... of a dense tensor; 1024 is a multiple of any
// channel count here.
template <class N, class T>
__global__ void narrow_column_sum_kernel(const N* narrow,
                                         std::int64_t count,
                                         int channels,
                                         T* result) {
  __shared__ double sums[1024];
  double sum = 0;
  for (std::int64_t i = threadIdx.x; i < count; i += 1024)
    sum += static_cast<double>(to_float(narrow[i]));
  sums[threadIdx.x] = sum;
  __syncthreads();
  if (static_cast<int>(threadIdx.x) < channels) {
    double total = 0;
    for (int i = threadIdx.x; i < 1024; i += channels)
      total += sums[i];
    from_float(static_cast<float>(total), result[threadIdx.x]);
  }
}

Geometry geometry_of(const Shape& wide, std::int64_t narrow_channels, std::int64_t kernel) {
  require(wide.channels % vector_channels == 0 && wide.channels <= block_size * vector_channels,
          "{} wide channels",
          wide.channels);
  require(narrow_channels >= 1 && narrow_channels <= largest_narrow,
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

// More than 48 KiB of shared memory has to be asked for.
template <class Kernel>
void allow_shared_memory(Kernel* kernel, std::size_t size_bytes) {
  if (size_bytes > 48 * 1024)
    LIMPID_CUDA(cudaFuncSetAttribute(
        kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(size_bytes)));
}

int blocks_for_gradient(const Geometry& g) {
  return static_cast<int>(std::min<std::int64_t>(g.tiles(), gradient_blocks));
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
  const Geometry g = geometry_of(wide.shape(), narrow.shape().channels, convolution.kernel_size);
  const std::size_t shared_bytes =
      sizeof(float) *
      static_cast<std::size_t>(g.taps() * g.narrow_channels * g.wide_groups * vector_channels +
                               g.halo_height() * g.halo_width() * g.narrow_channels);
  with_element_type(narrow.type(), [&]<class N>(N*) {
    with_element_type(wide.type(), [&]<class T>(T*) {
      const auto kernel = narrow_to_wide_kernel<N, T, 4>;
      allow_shared_memory(kernel, shared_bytes);
      kernel<<<static_cast<unsigned>(g.tiles()), block_size, shared_bytes, stream>>>(
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
  const Geometry g = geometry_of(wide.shape(), narrow.shape().channels, convolution.kernel_size);
  int lanes = 1;  // a power of two that divides the groups, so that no thread idles
  while (lanes < 16 && g.wide_groups % (2 * lanes) == 0)
    lanes *= 2;
  const std::size_t shared_bytes =
      sizeof(float) *
      static_cast<std::size_t>(g.narrow_channels * g.taps() * g.wide_groups * vector_channels);
  const int grid = grid_size(wide.shape().pixel_count() * lanes, block_size);
  with_element_type(wide.type(), [&]<class T>(T*) {
    with_element_type(narrow.type(), [&]<class N>(N*) {
      const auto kernel = wide_to_narrow_kernel<T, N>;
      allow_shared_memory(kernel, shared_bytes);
      kernel<<<grid, block_size, shared_bytes, stream>>>(elements<T>(wide),
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

std::size_t narrow_gradient_workspace(const Shape& wide,
                                      std::int64_t narrow_channels,
                                      std::int64_t kernel_size) {
  const Geometry g = geometry_of(wide, narrow_channels, kernel_size);
  return sizeof(float) * static_cast<std::size_t>(blocks_for_gradient(g)) *
         static_cast<std::size_t>(g.taps() * g.narrow_channels * g.wide_groups * vector_channels);
}

void narrow_weight_gradient(const Tensor& wide,
                            const Tensor& narrow,
                            const NarrowConvolution& convolution,
                            void* weight_gradient,
                            void* workspace,
                            cudaStream_t stream) {
  const Geometry g = geometry_of(wide.shape(), narrow.shape().channels, convolution.kernel_size);
  const int inner = g.taps() * g.narrow_channels;
  const int wide_channels = g.wide_groups * vector_channels;
  const dim3 grid(static_cast<unsigned>(blocks_for_gradient(g)),
                  static_cast<unsigned>((inner + taps_at_once - 1) / taps_at_once));
  const std::size_t shared_bytes =
      sizeof(float) *
      static_cast<std::size_t>((g.halo_height() * g.halo_width() * g.narrow_channels + 3) / 4 * 4 +
                               block_size * vector_channels);
  auto* partial = static_cast<float*>(workspace);
  with_element_type(wide.type(), [&]<class T>(T*) {
    with_element_type(narrow.type(), [&]<class N>(N*) {
      const auto kernel = narrow_gradient_kernel<T, N>;
      allow_shared_memory(kernel, shared_bytes);
      kernel<<<grid, block_size, shared_bytes, stream>>>(elements<T>(wide),
                                                         wide.pixel_stride(),
                                                         elements<N>(narrow),
                                                         narrow.pixel_stride(),
                                                         partial,
                                                         g);
    });
    LIMPID_CUDA_LAUNCH();
    const int count = inner * wide_channels;
    finish_narrow_gradient_kernel<T>
        <<<(count + block_size - 1) / block_size, block_size, 0, stream>>>(
            partial,
            static_cast<int>(grid.x),
            convolution,
            static_cast<T*>(weight_gradient),
            g.narrow_channels,
            g.taps(),
            wide_channels);
  });
  LIMPID_CUDA_LAUNCH();
}

void narrow_column_sum(const Tensor& narrow,
                       void* bias_gradient,
                       DataType bias_type,
                       cudaStream_t stream) {
  const int channels = static_cast<int>(narrow.shape().channels);
  require(narrow.is_dense() && channels <= largest_narrow && channels != 3,
          "{} narrow channels",
          channels);
  with_element_type(narrow.type(), [&]<class N>(N*) {
    with_element_type(bias_type, [&]<class T>(T*) {
      narrow_column_sum_kernel<N, T><<<1, 1024, 0, stream>>>(elements<N>(narrow),
                                                             narrow.shape().element_count(),
                                                             channels,
                                                             static_cast<T*>(bias_gradient));
    });
  });
  LIMPID_CUDA_LAUNCH();
}

}  // namespace limpid::cuda
