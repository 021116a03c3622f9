#include "core/backend/cuda/check.h"
#include "core/backend/cuda/convolution/warp_matrix.cuh"
#include "core/backend/cuda/narrow/narrow_matrix.h"
#include "core/backend/cuda/narrow/narrow_matrix_tile.cuh"

#include <algorithm>
#include <limits>
#include <type_traits>

// The first layer: pixels x window elements (9 or 36) times window elements x wide channels. Writes
// 67 MB for 1024 x 1024 pixels of 32 channels and reads 4.
namespace limpid::cuda {
namespace {

constexpr int slice = 32;  // wide channels at a time, four products of 8

// At once on a multiprocessor, as the registers for the weights allow.
constexpr int blocks_at_once(int channels, int slices) {
  return channels > 1 ? 2 : slices == 1 ? 4 : 3;
}

template <class N>
struct FirstLayer {
  NarrowImages<N> narrow;
  __nv_bfloat16* wide;
  std::int64_t wide_stride;
  const __nv_bfloat16* weight;
  const __nv_bfloat16* bias;
  NarrowConvolution convolution;
  float slope;
};

#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800

// Window elements as the depth of matrix products, 16 at a time. Those behind the last repeat it,
// with a weight of zero.
template <int Channels>
struct Depth {
  static constexpr int elements = matrix_taps * Channels;
  static constexpr int chunks = (elements + 15) / 16;

  // Of a chunk, the first element of the pair number 0 or 1 that thread `q` of four holds.
  __device__ static int first_of_pair(int chunk, int pair, int q) {
    return 16 * chunk + 8 * pair + 2 * q;
  }
};

// Two neighbouring window elements, split(). Of an even number of channels they are an even element
// and the next, of the same pixel.
template <int Channels>
struct PairOffset {
  static constexpr int at_once = Channels % 2 == 0 ? 2 : 1;
  static constexpr int last = Depth<Channels>::elements - at_once;
  int first, second;

  PairOffset() = default;
  __device__ explicit PairOffset(int element)
      : first(MatrixTile<Channels>::offset(min(element, last))),
        second(MatrixTile<Channels>::offset(min(element + 1, Depth<Channels>::elements - 1))) {}

  __device__ uint2 load(const std::uint32_t* window) const {
    if constexpr (at_once == 2)
      return *reinterpret_cast<const uint2*>(window + first);
    else
      return make_uint2(window[first], window[second]);
  }
};

// Of four neighbouring products, thread q of each row gets the columns 8 q to 8 q + 7: column
// 2 q + e of product t is channel 8 q + 2 t + e.
template <int Channels>
struct SliceWeights {
  std::uint32_t b[Depth<Channels>::chunks][4][2];

  template <class N>
  __device__ void load(const FirstLayer<N>& layer, int first_channel, int lane) {
    const int column = lane / 4;
    const auto weight = [&](int element, int channel) -> std::uint32_t {
      if (element >= Depth<Channels>::elements)
        return 0;
      const NarrowConvolution& c = layer.convolution;
      return __bfloat16_as_ushort(
          layer.weight[element / Channels * c.tap_stride + element % Channels * c.narrow_stride +
                       channel * c.wide_stride]);
    };
#pragma unroll
    for (int chunk = 0; chunk < Depth<Channels>::chunks; ++chunk)
#pragma unroll
      for (int t = 0; t < 4; ++t)
#pragma unroll
        for (int pair = 0; pair < 2; ++pair) {
          const int channel = first_channel + 8 * (column / 2) + 2 * t + column % 2;
          const int element = Depth<Channels>::first_of_pair(chunk, pair, lane % 4);
          b[chunk][t][pair] = weight(element, channel) | weight(element + 1, channel) << 16;
        }
  }
};

__device__ inline std::uint32_t activated(float low, float high, float slope) {
  const __nv_bfloat162 pair =
      __floats2bfloat162_rn(low > 0.0f ? low : slope * low, high > 0.0f ? high : slope * high);
  return *reinterpret_cast<const std::uint32_t*>(&pair);
}

#endif

// Slices: of 32 wide channels that a block computes; blockIdx.y counts groups of them.
template <class N, int Channels, int Slices>
__global__ void __launch_bounds__(matrix_threads, blocks_at_once(Channels, Slices))
    first_layer_kernel(FirstLayer<N> layer) {
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800
  using Tile = MatrixTile<Channels>;
  constexpr int chunks = Depth<Channels>::chunks;
  __shared__ __align__(16) std::uint32_t tile[Tile::words];
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int warp = static_cast<int>(threadIdx.x) / 32;
  const int first_channel = static_cast<int>(blockIdx.y) * Slices * slice;

  PairOffset<Channels> offsets[chunks][2];
  SliceWeights<Channels> weights[Slices];
#pragma unroll
  for (int chunk = 0; chunk < chunks; ++chunk)
#pragma unroll
    for (int pair = 0; pair < 2; ++pair)
      offsets[chunk][pair] =
          PairOffset<Channels>(Depth<Channels>::first_of_pair(chunk, pair, lane % 4));
  Vector8 bias[Slices];
#pragma unroll
  for (int s = 0; s < Slices; ++s) {
    weights[s].load(layer, first_channel + s * slice, lane);
    bias[s] = load8(layer.bias + first_channel + s * slice + lane % 4 * 8);
  }

  for (int index = static_cast<int>(blockIdx.x); index < layer.narrow.tiles;
       index += static_cast<int>(gridDim.x)) {
    const TilePlace place = place_of_tile(layer.narrow, index);
    __syncthreads();
    load_tile<Channels>(tile, layer.narrow, place);
    __syncthreads();
    const int y = place.y + warp;
    if (y >= layer.narrow.height)
      continue;
    const std::int64_t row =
        (static_cast<std::int64_t>(place.image) * layer.narrow.height + y) * layer.narrow.width;
#pragma unroll 1
    for (int column = 0; column < matrix_tile_width; column += 16) {
      // The windows of pixels lane / 4 and 8 more of these 16.
      const std::uint32_t* window = tile + warp * Tile::row_words + (column + lane / 4) * Channels;
      std::uint32_t nearest[chunks][4];
      std::uint32_t rest[chunks][4];
#pragma unroll
      for (int chunk = 0; chunk < chunks; ++chunk)
#pragma unroll
        for (int pair = 0; pair < 2; ++pair)
#pragma unroll
          for (int half = 0; half < 2; ++half) {
            const uint2 words = offsets[chunk][pair].load(window + 8 * half * Channels);
            nearest[chunk][2 * pair + half] = lower_halves(words.x, words.y);
            rest[chunk][2 * pair + half] = upper_halves(words.x, words.y);
          }
#pragma unroll
      for (int s = 0; s < Slices; ++s) {
        float sums[4][4];
#pragma unroll
        for (int t = 0; t < 4; ++t) {
          sums[t][0] = sums[t][2] = bias[s].v[2 * t];
          sums[t][1] = sums[t][3] = bias[s].v[2 * t + 1];
#pragma unroll
          for (int chunk = 0; chunk < chunks; ++chunk) {
            const auto& b = weights[s].b[chunk][t];
            multiply_add(sums[t], nearest[chunk], b[0], b[1]);
            if constexpr (std::is_same_v<N, float>)
              multiply_add(sums[t], rest[chunk], b[0], b[1]);
          }
        }
#pragma unroll
        for (int half = 0; half < 2; ++half) {
          const int x = place.x + column + lane / 4 + 8 * half;
          std::uint32_t words[4];
#pragma unroll
          for (int t = 0; t < 4; ++t)
            words[t] = activated(sums[t][2 * half], sums[t][2 * half + 1], layer.slope);
          if (x < layer.narrow.width)
            *reinterpret_cast<uint4*>(layer.wide + (row + x) * layer.wide_stride + first_channel +
                                      s * slice + lane % 4 * 8) =
                make_uint4(words[0], words[1], words[2], words[3]);
        }
      }
    }
  }
#endif
}

}  // namespace

bool narrow_matrix_fits(const Conv2dDesc& desc) {
  const std::int64_t most_pixels = std::numeric_limits<int>::max() / 2;
  return desc.output_type == DataType::bfloat16 && desc.kernel_size == 3 &&
         (desc.input.channels == 1 || desc.input.channels == 4) &&
         desc.output_channels % slice == 0 && desc.input.pixel_count() < most_pixels;
}

void narrow_matrix_convolution(const Tensor& narrow,
                               const Tensor& wide,
                               const NarrowConvolution& convolution,
                               const void* weight,
                               const void* bias,
                               Activation activation,
                               cudaStream_t stream) {
  require(convolution.kernel_size == 3 && !convolution.flip &&
              narrow.pixel_stride() % narrow.shape().channels == 0,
          "a first layer of kernel size {}",
          convolution.kernel_size);
  with_narrow(narrow, [&]<class N, int Channels>() {
    const FirstLayer<N> layer{.narrow = narrow_images<N>(narrow),
                              .wide = elements<__nv_bfloat16>(wide),
                              .wide_stride = wide.pixel_stride(),
                              .weight = static_cast<const __nv_bfloat16*>(weight),
                              .bias = static_cast<const __nv_bfloat16*>(bias),
                              .convolution = convolution,
                              .slope = negative_slope(activation)};
    const auto slices = static_cast<int>(wide.shape().channels / slice);
    const int at_once = slices % 2 == 0 ? 2 : 1;
    const int blocks = std::min(layer.narrow.tiles,
                                convolution.multiprocessors * blocks_at_once(Channels, at_once));
    const auto kernel =
        at_once == 2 ? first_layer_kernel<N, Channels, 2> : first_layer_kernel<N, Channels, 1>;
    kernel<<<dim3(blocks, slices / at_once), matrix_threads, 0, stream>>>(layer);
  });
  LIMPID_CUDA_LAUNCH();
}

}  // namespace limpid::cuda
