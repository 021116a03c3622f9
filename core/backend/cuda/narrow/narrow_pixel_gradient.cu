#include "core/backend/cuda/check.h"
#include "core/backend/cuda/convolution/partial_sums.cuh"
#include "core/backend/cuda/device_vector.cuh"
#include "core/backend/cuda/kernels.h"

#include <algorithm>

// The last layer of most networks: a 1x1 convolution y[p, n] = sum over w of x[p, w] * weight[n, w]
// + bias[n] from a wide to a narrow tensor. Its three gradients share one pass, which reads the
// wide tensor and writes its gradient: 138 MB for 1024 x 1024 pixels of 32 bfloat16.
namespace limpid::cuda {
namespace {

constexpr int block_size = 256;
constexpr int unroll = 2;

// At once on a multiprocessor; more narrow channels take more registers.
constexpr int blocks_at_once(int narrow_channels) {
  return narrow_channels == 1 ? 4 : 2;
}

struct PixelGradient {
  std::int64_t pixels;
  int groups;  // of 8 wide channels
  int narrow_channels;
  std::int64_t wide_stride;
  std::int64_t wide_gradient_stride;
  std::int64_t narrow_stride;
  std::int64_t weight_narrow_stride;
  std::int64_t weight_wide_stride;
  float slope;  // of the activation that made the wide tensor, below 0
};

// Thread = (group of 8 wide channels, pixel lane). partial[block] = sums of the weights
// [narrow][wide] and biases [narrow].
template <class T, class N, int most_narrow>
__global__ void __launch_bounds__(block_size, blocks_at_once(most_narrow))
    pixel_gradient_kernel(const T* __restrict__ wide,
                          const N* __restrict__ gradient,
                          const T* __restrict__ weight,
                          T* __restrict__ wide_gradient,
                          float* __restrict__ partial,
                          PixelGradient p) {
  const int group = static_cast<int>(threadIdx.x) % p.groups;
  const int lane = static_cast<int>(threadIdx.x) / p.groups;
  const int lanes = block_size / p.groups;
  const int wide_channels = p.groups * vector_channels;
  const int narrow_channels = most_narrow == 1 ? 1 : p.narrow_channels;

  Vector8 w[most_narrow] = {};
  Vector8 weight_sum[most_narrow] = {};
  float bias_sum[most_narrow] = {};
#pragma unroll
  for (int n = 0; n < most_narrow; ++n)
    if (n < narrow_channels)
#pragma unroll
      for (int j = 0; j < vector_channels; ++j)
        w[n].v[j] = to_float(weight[n * p.weight_narrow_stride +
                                    (group * vector_channels + j) * p.weight_wide_stride]);

  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * lanes;
  const std::int64_t begin = static_cast<std::int64_t>(blockIdx.x) * lanes + lane;
  for (std::int64_t first = lane < lanes ? begin : p.pixels; first < p.pixels;
       first += unroll * step) {
    Vector8 x[unroll];
    float g[unroll][most_narrow];
#pragma unroll
    for (int u = 0; u < unroll; ++u) {
      const std::int64_t pixel = first + u * step;
      const bool inside = pixel < p.pixels;
      x[u] = inside ? load8(wide + pixel * p.wide_stride + group * vector_channels) : Vector8{};
#pragma unroll
      for (int n = 0; n < most_narrow; ++n)
        g[u][n] =
            inside && n < narrow_channels ? to_float(gradient[pixel * p.narrow_stride + n]) : 0.0f;
    }
#pragma unroll
    for (int u = 0; u < unroll; ++u) {
      const std::int64_t pixel = first + u * step;
      Vector8 result{};
#pragma unroll
      for (int n = 0; n < most_narrow; ++n) {
        bias_sum[n] += g[u][n];
#pragma unroll
        for (int j = 0; j < vector_channels; ++j) {
          weight_sum[n].v[j] += g[u][n] * x[u].v[j];
          result.v[j] += g[u][n] * w[n].v[j];
        }
      }
      if (wide_gradient == nullptr || pixel >= p.pixels)
        continue;
#pragma unroll
      for (int j = 0; j < vector_channels; ++j)
        result.v[j] *= x[u].v[j] > 0.0f ? 1.0f : p.slope;
      store8(wide_gradient + pixel * p.wide_gradient_stride + group * vector_channels, result);
    }
  }

  __shared__ float sums[block_size * vector_channels];
  float* row =
      partial + static_cast<std::int64_t>(blockIdx.x) * narrow_channels * (wide_channels + 1);
#pragma unroll
  for (int n = 0; n < most_narrow; ++n) {
    __syncthreads();
    store8(sums + threadIdx.x * vector_channels, weight_sum[n]);
    __syncthreads();
    if (n < narrow_channels)
      for (int c = static_cast<int>(threadIdx.x); c < wide_channels; c += block_size) {
        float sum = 0.0f;
        for (int l = 0; l < lanes; ++l)
          sum += sums[l * wide_channels + c];
        row[n * wide_channels + c] = sum;
      }
    __syncthreads();
    sums[threadIdx.x] = bias_sum[n];
    __syncthreads();
    if (n < narrow_channels && threadIdx.x == 0) {
      float sum = 0.0f;
      for (int l = 0; l < lanes; ++l)
        sum += sums[l * p.groups];
      row[narrow_channels * wide_channels + n] = sum;
    }
  }
}

template <class T>
__global__ void finish_pixel_gradient_kernel(
    const float* partial, int partials, PixelGradient p, T* weight_gradient, T* bias_gradient) {
  const int wide_channels = p.groups * vector_channels;
  const int weights = p.narrow_channels * wide_channels;
  add_rows(partial, partials, weights + p.narrow_channels, [&](int i, float sum) {
    if (i < weights)
      from_float(sum,
                 weight_gradient[i / wide_channels * p.weight_narrow_stride +
                                 i % wide_channels * p.weight_wide_stride]);
    else
      from_float(sum, bias_gradient[i - weights]);
  });
}

int most_blocks(std::int64_t narrow_channels, const NarrowConvolution& convolution) {
  return convolution.multiprocessors * blocks_at_once(static_cast<int>(narrow_channels));
}

int blocks_for(const PixelGradient& p, const NarrowConvolution& convolution) {
  const std::int64_t pixels_at_once = block_size / p.groups * unroll;
  return static_cast<int>(std::clamp<std::int64_t>((p.pixels + pixels_at_once - 1) / pixels_at_once,
                                                   1,
                                                   most_blocks(p.narrow_channels, convolution)));
}

}  // namespace

std::size_t narrow_pixel_gradient_workspace(const Shape& wide,
                                            std::int64_t narrow_channels,
                                            const NarrowConvolution& convolution) {
  return sizeof(float) * static_cast<std::size_t>(most_blocks(narrow_channels, convolution) *
                                                  narrow_channels * (wide.channels + 1));
}

void narrow_pixel_gradients(const Tensor& wide,
                            const Tensor& narrow_gradient,
                            const NarrowConvolution& convolution,
                            const void* weight,
                            Activation wide_activation,
                            const Tensor& wide_gradient,
                            const NarrowGradients& results,
                            void* workspace,
                            cudaStream_t stream) {
  const Shape& shape = wide.shape();
  const auto narrow_channels = static_cast<int>(narrow_gradient.shape().channels);
  require(shape.channels % vector_channels == 0 && shape.channels <= block_size * vector_channels &&
              narrow_channels >= 1 && narrow_channels <= 4 && convolution.kernel_size == 1,
          "{} channels to {}",
          shape.channels,
          narrow_channels);
  const PixelGradient p{
      .pixels = shape.pixel_count(),
      .groups = static_cast<int>(shape.channels) / vector_channels,
      .narrow_channels = narrow_channels,
      .wide_stride = wide.pixel_stride(),
      .wide_gradient_stride = wide_gradient.empty() ? 0 : wide_gradient.pixel_stride(),
      .narrow_stride = narrow_gradient.pixel_stride(),
      .weight_narrow_stride = convolution.narrow_stride,
      .weight_wide_stride = convolution.wide_stride,
      .slope = negative_slope(wide_activation)};
  const int blocks = blocks_for(p, convolution);
  auto* partial = static_cast<float*>(workspace);
  with_element_type(wide.type(), [&]<class T>(T*) {
    with_element_type(narrow_gradient.type(), [&]<class N>(N*) {
      const auto kernel =
          narrow_channels == 1 ? pixel_gradient_kernel<T, N, 1> : pixel_gradient_kernel<T, N, 4>;
      kernel<<<blocks, block_size, 0, stream>>>(
          elements<T>(wide),
          elements<N>(narrow_gradient),
          static_cast<const T*>(weight),
          wide_gradient.empty() ? nullptr : elements<T>(wide_gradient),
          partial,
          p);
    });
    LIMPID_CUDA_LAUNCH();
    finish_pixel_gradient_kernel<T>
        <<<partial_grid(narrow_channels * (static_cast<int>(shape.channels) + 1)),
           partial_block_size,
           0,
           stream>>>(
            partial, blocks, p, static_cast<T*>(results.weight), static_cast<T*>(results.bias));
  });
  LIMPID_CUDA_LAUNCH();
}

}  // namespace limpid::cuda
