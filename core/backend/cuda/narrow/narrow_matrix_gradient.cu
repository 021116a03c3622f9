#include "core/backend/cuda/check.h"
#include "core/backend/cuda/convolution/warp_matrix.cuh"
#include "core/backend/cuda/narrow/narrow_matrix.h"
#include "core/backend/cuda/narrow/narrow_matrix_tile.cuh"
#include "core/backend/cuda/narrow/narrow_tile.cuh"

#include <algorithm>
#include <type_traits>

// The gradient of a first layer's weights: window elements (9 or 36, and one more that is always 1,
// for the bias) x pixels times pixels x wide channels. Reads 67 MB for 1024 x 1024 pixels of 32
// channels.
namespace limpid::cuda {
namespace {

constexpr int blocks_at_once = 2;  // on a multiprocessor; as narrow_gradient_workspace() counts

template <class N>
struct FirstLayerGradient {
  NarrowImages<N> narrow;
  const __nv_bfloat16* wide;
  std::int64_t wide_stride;
  int wide_channels;
  float* partial;  // [block][window element, the bias behind them][wide channel]
};

#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800

// The pixels of a product, 16 neighbours, in the order in which a thread of four (q) reads them: as
// depth 2 q, 2 q + 1, 2 q + 8 and 2 q + 9 it holds the pixels q, q + 4, q + 8 and q + 12, so that
// neighbouring threads read neighbouring pixels. Wide channels likewise: product j of a thread
// (column n) is channel V * n + j, which it reads at once with its V - 1 neighbours.
constexpr int step_pixels = 16;
constexpr int pixels_a_thread = 4;

template <int V>
struct WideValues {
  std::uint32_t words[pixels_a_thread][V / 2];

  __device__ void load(const __nv_bfloat16* at, std::int64_t stride, int pixels_left) {
#pragma unroll
    for (int p = 0; p < pixels_a_thread; ++p) {
      const bool inside = 4 * p < pixels_left;
      const __nv_bfloat16* from = at + 4 * p * stride;
      if constexpr (V == 4) {
        const uint2 v = inside ? *reinterpret_cast<const uint2*>(from) : uint2{};
        words[p][0] = v.x;
        words[p][1] = v.y;
      } else {
        const uint4 v = inside ? *reinterpret_cast<const uint4*>(from) : uint4{};
        words[p][0] = v.x;
        words[p][1] = v.y;
        words[p][2] = v.z;
        words[p][3] = v.w;
      }
    }
  }

  // Channel j of the pixels 2 * pair and 2 * pair + 1 of this thread.
  __device__ std::uint32_t pair_of(int pair, int j) const {
    const std::uint32_t first = words[2 * pair][j / 2];
    const std::uint32_t second = words[2 * pair + 1][j / 2];
    return j % 2 == 0 ? lower_halves(first, second) : upper_halves(first, second);
  }
};

// A row of a product's left side: one window element of all pixels, all ones, or zeros.
struct WindowRow {
  int offset;
  std::uint32_t mask;
  std::uint32_t ones;

  template <int Channels>
  __device__ static WindowRow of(int element) {
    constexpr int elements = matrix_taps * Channels;
    return {MatrixTile<Channels>::offset(min(element, elements - 1)),
            element < elements ? 0xffffffffu : 0u,
            element == elements ? 0x3f803f80u : 0u};
  }
};

#endif

// V: wide channels a thread, of 8 V that a block computes; blockIdx.y counts such slices.
template <class N, int Channels, int V>
__global__ void __launch_bounds__(matrix_threads, blocks_at_once)
    first_layer_gradient_kernel(FirstLayerGradient<N> layer) {
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800
  using Tile = MatrixTile<Channels>;
  constexpr int rows = matrix_taps * Channels + 1;
  constexpr int blocks_of_rows = (rows + 15) / 16;
  constexpr int steps = matrix_tile_width / step_pixels;
  constexpr int steps_ahead = V * Channels == 4 ? steps : steps / 2;  // registers are few
  constexpr int slice = 8 * V;
  __shared__ __align__(16) std::uint32_t tile[Tile::words];
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int warp = static_cast<int>(threadIdx.x) / 32;
  const int q = lane % 4;
  const int first_channel = static_cast<int>(blockIdx.y) * slice;

  WindowRow window_rows[blocks_of_rows][2];
#pragma unroll
  for (int m = 0; m < blocks_of_rows; ++m)
#pragma unroll
    for (int half = 0; half < 2; ++half)
      window_rows[m][half] = WindowRow::of<Channels>(16 * m + 8 * half + lane / 4);
  float sums[blocks_of_rows][V][4] = {};

  // The warp's row of a tile; empty behind the last tile.
  struct Row {
    const __nv_bfloat16* pixels;  // this thread's first
    int columns_left;
  };
  const auto row_of = [&](int index) -> Row {
    if (index >= layer.narrow.tiles)
      return {layer.wide, 0};
    const TilePlace place = place_of_tile(layer.narrow, index);
    const int y = place.y + warp;
    const std::int64_t row =
        (static_cast<std::int64_t>(place.image) * layer.narrow.height + y) * layer.narrow.width;
    return {layer.wide + (row + place.x + q) * layer.wide_stride + first_channel + V * (lane / 4),
            y < layer.narrow.height ? layer.narrow.width - place.x - q : 0};
  };
  WideValues<V> wide[steps_ahead];
  const auto load_wide = [&](const Row& row, int step) {
    const int column = step * step_pixels;
    wide[step % steps_ahead].load(
        row.pixels + column * layer.wide_stride, layer.wide_stride, row.columns_left - column);
  };
  Row row = row_of(static_cast<int>(blockIdx.x));
#pragma unroll
  for (int step = 0; step < steps_ahead; ++step)
    load_wide(row, step);

  for (int index = static_cast<int>(blockIdx.x); index < layer.narrow.tiles;
       index += static_cast<int>(gridDim.x)) {
    const Row next_row = row_of(index + static_cast<int>(gridDim.x));
    __syncthreads();
    load_tile<Channels>(tile, layer.narrow, place_of_tile(layer.narrow, index));
    __syncthreads();
#pragma unroll
    for (int step = 0; step < steps; ++step) {
      const WideValues<V>& values = wide[step % steps_ahead];
      std::uint32_t b[V][2];
#pragma unroll
      for (int j = 0; j < V; ++j)
#pragma unroll
        for (int pair = 0; pair < 2; ++pair)
          b[j][pair] = values.pair_of(pair, j);
      if (step + steps_ahead < steps)  // in the place of those just taken
        load_wide(row, step + steps_ahead);
      else
        load_wide(next_row, step + steps_ahead - steps);
#pragma unroll
      for (int m = 0; m < blocks_of_rows; ++m) {
        std::uint32_t nearest[4];
        std::uint32_t rest[4];
#pragma unroll
        for (int half = 0; half < 2; ++half)
#pragma unroll
          for (int pair = 0; pair < 2; ++pair) {
            const WindowRow& r = window_rows[m][half];
            const std::uint32_t* at = tile + warp * Tile::row_words +
                                      (step * step_pixels + 8 * pair + q) * Channels + r.offset;
            const std::uint32_t first = at[0];
            const std::uint32_t second = at[4 * Channels];
            nearest[2 * pair + half] = (lower_halves(first, second) & r.mask) | r.ones;
            rest[2 * pair + half] = upper_halves(first, second) & r.mask;
          }
#pragma unroll
        for (int j = 0; j < V; ++j) {
          multiply_add(sums[m][j], nearest, b[j][0], b[j][1]);
          if constexpr (std::is_same_v<N, float>)
            multiply_add(sums[m][j], rest, b[j][0], b[j][1]);
        }
      }
    }
    row = next_row;
  }

  // One warp after the other, always in the same order.
  __shared__ float totals[16 * blocks_of_rows][slice];
  for (int turn = 0; turn < matrix_threads / 32; ++turn) {
    if (warp == turn)
#pragma unroll
      for (int m = 0; m < blocks_of_rows; ++m)
#pragma unroll
        for (int j = 0; j < V; ++j)
#pragma unroll
          for (int i = 0; i < 4; ++i) {
            float& total = totals[16 * m + i / 2 * 8 + lane / 4][V * (2 * q + i % 2) + j];
            total = turn == 0 ? sums[m][j][i] : total + sums[m][j][i];
          }
    __syncthreads();
  }
  float* to = layer.partial + static_cast<std::int64_t>(blockIdx.x) * rows * layer.wide_channels;
  for (int i = static_cast<int>(threadIdx.x); i < rows * slice; i += matrix_threads)
    to[i / slice * layer.wide_channels + first_channel + i % slice] = totals[i / slice][i % slice];
#endif
}

}  // namespace

void narrow_matrix_gradient(const Tensor& wide,
                            const Tensor& narrow,
                            const NarrowConvolution& convolution,
                            void* weight_gradient,
                            void* wide_sums,
                            void* workspace,
                            cudaStream_t stream) {
  require(convolution.kernel_size == 3 && !convolution.flip &&
              narrow.pixel_stride() % narrow.shape().channels == 0,
          "the gradient of a first layer of kernel size {}",
          convolution.kernel_size);
  const auto channels = static_cast<int>(wide.shape().channels);
  int blocks = 0;
  with_narrow(narrow, [&]<class N, int Channels>() {
    const FirstLayerGradient<N> layer{.narrow = narrow_images<N>(narrow),
                                      .wide = elements<__nv_bfloat16>(wide),
                                      .wide_stride = wide.pixel_stride(),
                                      .wide_channels = channels,
                                      .partial = static_cast<float*>(workspace)};
    blocks = std::min(layer.narrow.tiles, convolution.multiprocessors * blocks_at_once);
    // Four channels have three times the sums: registers for half as many wide channels.
    if (Channels == 1 && channels % 64 == 0)
      first_layer_gradient_kernel<N, 1, 8>
          <<<dim3(blocks, channels / 64), matrix_threads, 0, stream>>>(layer);
    else
      first_layer_gradient_kernel<N, Channels, 4>
          <<<dim3(blocks, channels / 32), matrix_threads, 0, stream>>>(layer);
  });
  LIMPID_CUDA_LAUNCH();
  finish_narrow_gradient(static_cast<const float*>(workspace),
                         blocks,
                         convolution,
                         geometry_of(wide.shape(), narrow.shape().channels, 3),
                         wide.type(),
                         weight_gradient,
                         wide_sums,
                         stream);
}

}  // namespace limpid::cuda
