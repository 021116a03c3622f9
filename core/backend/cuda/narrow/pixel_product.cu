#include "core/backend/cuda/check.h"
#include "core/backend/cuda/convolution/warp_matrix.cuh"
#include "core/backend/cuda/device_vector.cuh"
#include "core/backend/cuda/narrow/narrow_matrix.h"

#include <algorithm>

// The last layer: pixels x 32 or 64 channels times channels x at most 4 outputs, of 8 that a matrix
// product has. Reads 67 MB for 1024 x 1024 pixels of 32 channels.
namespace limpid::cuda {
namespace {

constexpr int threads = 256;
constexpr int blocks_at_once = 3;  // on a multiprocessor
constexpr int most_outputs = 4;
constexpr int products = 4;  // of 16 pixels, in flight
constexpr int warp_pixels = 16 * products;

template <class N>
struct LastLayer {
  const __nv_bfloat16* wide;
  std::int64_t wide_stride;
  N* narrow;
  std::int64_t narrow_stride;
  int outputs;
  const __nv_bfloat16* weight;
  const __nv_bfloat16* bias;
  std::int64_t output_stride;  // of the weights
  std::int64_t input_stride;
  std::int64_t pixels;
};

// Groups: of 32 wide channels. A thread of four (q) reads 8 neighbouring channels of its pixel at
// once, which are depth 2 q, 2 q + 1, 2 q + 8 and 2 q + 9 of two products, one after the other.
template <class N, int Groups>
__global__ void __launch_bounds__(threads, Groups == 1 ? 3 : 2)
    last_layer_kernel(LastLayer<N> layer) {
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int q = lane % 4;
  std::uint32_t weights[Groups][4];  // as the channels: four pairs of neighbours
#pragma unroll
  for (int g = 0; g < Groups; ++g)
#pragma unroll
    for (int pair = 0; pair < 4; ++pair) {
      const int output = lane / 4;
      const int input = 32 * g + 8 * q + 2 * pair;
      const auto weight = [&](int i) -> std::uint32_t {
        return output < layer.outputs
                   ? __bfloat16_as_ushort(
                         layer.weight[output * layer.output_stride + i * layer.input_stride])
                   : 0u;
      };
      weights[g][pair] = weight(input) | weight(input + 1) << 16;
    }
  float bias[2];  // of the outputs that this thread writes
#pragma unroll
  for (int i = 0; i < 2; ++i)
    bias[i] =
        layer.bias != nullptr && 2 * q + i < layer.outputs ? to_float(layer.bias[2 * q + i]) : 0.0f;

  const int warp = static_cast<int>(blockIdx.x * threads + threadIdx.x) / 32;
  const int warps = static_cast<int>(gridDim.x) * threads / 32;
  for (std::int64_t first = static_cast<std::int64_t>(warp) * warp_pixels; first < layer.pixels;
       first += static_cast<std::int64_t>(warps) * warp_pixels) {
    uint4 values[products][2][Groups];
    const std::int64_t mine = first + lane / 4;
#pragma unroll
    for (int m = 0; m < products; ++m)
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const std::int64_t pixel = mine + 16 * m + 8 * half;
        const __nv_bfloat16* from = layer.wide + pixel * layer.wide_stride + 8 * q;
#pragma unroll
        for (int g = 0; g < Groups; ++g)
          values[m][half][g] =
              pixel < layer.pixels ? *reinterpret_cast<const uint4*>(from + 32 * g) : uint4{};
      }
#pragma unroll
    for (int m = 0; m < products; ++m) {
      float sums[4] = {bias[0], bias[1], bias[0], bias[1]};
#pragma unroll
      for (int g = 0; g < Groups; ++g) {
        const uint4& low = values[m][0][g];
        const uint4& high = values[m][1][g];
        const std::uint32_t first[4] = {low.x, high.x, low.y, high.y};
        const std::uint32_t second[4] = {low.z, high.z, low.w, high.w};
        multiply_add(sums, first, weights[g][0], weights[g][1]);
        multiply_add(sums, second, weights[g][2], weights[g][3]);
      }
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const std::int64_t pixel = mine + 16 * m + i / 2 * 8;
        const int output = 2 * q + i % 2;
        if (output < layer.outputs && pixel < layer.pixels)
          from_float(sums[i], layer.narrow[pixel * layer.narrow_stride + output]);
      }
    }
  }
#endif
}

}  // namespace

bool pixel_product_fits(const Tensor& wide,
                        const Tensor& narrow,
                        const NarrowConvolution& convolution) {
  const std::int64_t inputs = wide.shape().channels;
  return convolution.kernel_size == 1 && wide.type() == DataType::bfloat16 &&
         (inputs == 32 || inputs == 64) && narrow.shape().channels <= most_outputs;
}

void pixel_product(const Tensor& wide,
                   const Tensor& narrow,
                   const NarrowConvolution& convolution,
                   const void* weight,
                   const void* bias,
                   cudaStream_t stream) {
  const std::int64_t pixels = wide.shape().pixel_count();
  const std::int64_t block_pixels = threads / 32 * warp_pixels;
  const auto blocks = static_cast<unsigned>(std::min<std::int64_t>(
      (pixels + block_pixels - 1) / block_pixels, blocks_at_once * convolution.multiprocessors));
  with_element_type(narrow.type(), [&]<class N>(N*) {
    const LastLayer<N> layer{.wide = elements<__nv_bfloat16>(wide),
                             .wide_stride = wide.pixel_stride(),
                             .narrow = elements<N>(narrow),
                             .narrow_stride = narrow.pixel_stride(),
                             .outputs = static_cast<int>(narrow.shape().channels),
                             .weight = static_cast<const __nv_bfloat16*>(weight),
                             .bias = static_cast<const __nv_bfloat16*>(bias),
                             .output_stride = convolution.narrow_stride,
                             .input_stride = convolution.wide_stride,
                             .pixels = pixels};
    const auto kernel =
        wide.shape().channels == 32 ? last_layer_kernel<N, 1> : last_layer_kernel<N, 2>;
    kernel<<<blocks, threads, 0, stream>>>(layer);
  });
  LIMPID_CUDA_LAUNCH();
}

}  // namespace limpid::cuda
