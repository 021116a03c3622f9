#include "core/backend/cuda/check.h"
#include "core/backend/cuda/device_vector.cuh"
#include "core/backend/cuda/kernels.h"
#include "core/backend/cuda/value_bits.h"

// The 2x2 maximum with its codes, for convolutions whose kernel does not pool, and its gradient
// from them.
namespace limpid::cuda {
namespace {

constexpr int block_size = 256;

// Four pixels that become one, 8 channels of each, as seen by one thread. Neighbouring threads take
// neighbouring channels, then neighbouring pixels.
template <class T>
struct Window {
  T* data;              // of pixel 0
  std::int64_t column;  // elements to the pixel on the right
  std::int64_t row;     // and to the one below

  __device__ Window(
      T* tensor, std::int64_t stride, std::int64_t i, int groups, std::int64_t small_width)
      : column(stride), row(2 * small_width * stride) {
    const std::int64_t pixel = i / groups;
    const std::int64_t x = pixel % small_width;
    const std::int64_t y = pixel / small_width;  // counts through the batch: heights are even
    data = tensor + 2 * y * row + 2 * x * column + i % groups * vector_channels;
  }
  __device__ T* at(int q) const { return data + q / 2 * row + q % 2 * column; }
};

// Eight pool codes.
struct CodeVector {
  PoolCode code[vector_channels];
};

template <class T>
__global__ void max_pool_kernel(const T* large,
                                std::int64_t stride,
                                T* small,
                                uint2* codes,
                                int groups,
                                std::int64_t small_width,
                                std::int64_t count) {
  LIMPID_GRID_STRIDE(i, count) {
    const Window<const T> window(large, stride, i, groups, small_width);
    Vector8 best{};
    CodeVector code{};
#pragma unroll
    for (int q = 0; q < 4; ++q) {
      const Vector8 value = load8(window.at(q));
#pragma unroll
      for (int j = 0; j < vector_channels; ++j) {
        if (q == 0 || value.v[j] > best.v[j]) {
          best.v[j] = value.v[j];
          code.code[j] = static_cast<PoolCode>((code.code[j] & ((1 << pool_code_maximum_bit) - 1)) |
                                               q << pool_code_maximum_bit);
        }
        code.code[j] = static_cast<PoolCode>(code.code[j] | (value.v[j] > 0.0f ? 1 : 0) << q);
      }
    }
    store8(small + i * vector_channels, best);
    codes[i] = *reinterpret_cast<const uint2*>(&code);
  }
}

template <class T>
__global__ void max_pool_backward_kernel(const uint2* codes,
                                         const T* small_gradient,
                                         T* large_gradient,
                                         std::int64_t stride,
                                         int groups,
                                         std::int64_t small_width,
                                         std::int64_t count,
                                         float slope) {
  LIMPID_GRID_STRIDE(i, count) {
    const Window<T> window(large_gradient, stride, i, groups, small_width);
    const uint2 words = codes[i];
    const Vector8 g = load8(small_gradient + i * vector_channels);
    Vector8 sum[4];
#pragma unroll
    for (int q = 0; q < 4; ++q)
      sum[q] = load8(window.at(q));
#pragma unroll
    for (int q = 0; q < 4; ++q) {
#pragma unroll
      for (int j = 0; j < vector_channels; ++j) {
        const auto code = static_cast<PoolCode>((j < 4 ? words.x : words.y) >> j % 4 * 8);
        sum[q].v[j] += maximum_of(code) == q ? g.v[j] : 0.0f;
        sum[q].v[j] *= is_positive(code, q) ? 1.0f : slope;
      }
      store8(window.at(q), sum[q]);
    }
  }
}

}  // namespace

void max_pool_with_codes(const Tensor& input,
                         const Tensor& output,
                         PoolCode* codes,
                         cudaStream_t stream) {
  require(can_keep_pool_codes(input.shape()) && output.is_dense(), "pool codes of odd sizes");
  const int groups = vector_groups(output);
  const std::int64_t count = output.shape().pixel_count() * groups;
  with_element_type(input.type(), [&]<class T>(T*) {
    max_pool_kernel<T>
        <<<grid_size(count, block_size), block_size, 0, stream>>>(elements<T>(input),
                                                                  input.pixel_stride(),
                                                                  elements<T>(output),
                                                                  reinterpret_cast<uint2*>(codes),
                                                                  groups,
                                                                  output.shape().width,
                                                                  count);
  });
  LIMPID_CUDA_LAUNCH();
}

void max_pool_backward_with_codes(const PoolCode* codes,
                                  const Tensor& output_gradient,
                                  const Tensor& input_gradient,
                                  Activation input_activation,
                                  cudaStream_t stream) {
  require(can_keep_pool_codes(input_gradient.shape()) && output_gradient.is_dense(),
          "pool codes of odd sizes");
  const int groups = vector_groups(output_gradient);
  const std::int64_t count = output_gradient.shape().pixel_count() * groups;
  with_element_type(input_gradient.type(), [&]<class T>(T*) {
    max_pool_backward_kernel<T><<<grid_size(count, block_size), block_size, 0, stream>>>(
        reinterpret_cast<const uint2*>(codes),
        elements<T>(output_gradient),
        elements<T>(input_gradient),
        input_gradient.pixel_stride(),
        groups,
        output_gradient.shape().width,
        count,
        negative_slope(input_activation));
  });
  LIMPID_CUDA_LAUNCH();
}

}  // namespace limpid::cuda
