#include "core/backend/cuda/check.h"
#include "core/backend/cuda/convolution/partial_sums.cuh"
#include "core/backend/cuda/device_vector.cuh"
#include "core/backend/cuda/kernels.h"

namespace limpid::cuda {
namespace {

constexpr int block_size = 256;
constexpr int column_sum_blocks = 512;

// In the kernels below one thread handles 8 channels of one pixel; neighbouring threads take
// neighbouring channels.

template <class From, class T>
__global__ void bias_activate_kernel(const From* from,
                                     std::int64_t from_stride,
                                     T* to,
                                     std::int64_t to_stride,
                                     const T* bias,
                                     int groups,
                                     std::int64_t pixels,
                                     float slope) {
  LIMPID_GRID_STRIDE(i, pixels * groups) {
    const std::int64_t pixel = i / groups;
    const int channel = static_cast<int>(i % groups) * vector_channels;
    Vector8 x = load8(from + pixel * from_stride + channel);
    const Vector8 b = bias ? load8(bias + channel) : Vector8{};
#pragma unroll
    for (int j = 0; j < vector_channels; ++j) {
      x.v[j] += b.v[j];
      x.v[j] *= x.v[j] > 0.0f ? 1.0f : slope;
    }
    store8(to + pixel * to_stride + channel, x);
  }
}

template <class From, class T>
__global__ void multiply_derivative_kernel(const From* from,
                                           std::int64_t from_stride,
                                           const T* value,
                                           std::int64_t value_stride,
                                           T* gradient,
                                           std::int64_t gradient_stride,
                                           int groups,
                                           std::int64_t pixels,
                                           float slope) {
  LIMPID_GRID_STRIDE(i, pixels * groups) {
    const std::int64_t pixel = i / groups;
    const int channel = static_cast<int>(i % groups) * vector_channels;
    Vector8 g = load8(from + pixel * from_stride + channel);
    const Vector8 y = load8(value + pixel * value_stride + channel);
#pragma unroll
    for (int j = 0; j < vector_channels; ++j)
      g.v[j] *= y.v[j] > 0.0f ? 1.0f : slope;
    store8(gradient + pixel * gradient_stride + channel, g);
  }
}

// Block b sums pixels b * lanes + lane, + gridDim * lanes, ...; partial[b][channel].
template <class T>
__global__ void column_sum_kernel(
    const T* x, std::int64_t stride, int groups, std::int64_t pixels, float* partial) {
  __shared__ float sums[block_size][vector_channels + 1];
  for (int first_group = 0; first_group < groups; first_group += block_size) {
    const int width = min(groups - first_group, block_size);
    const int lanes = block_size / width;
    const int group = threadIdx.x % width;
    const int lane = threadIdx.x / width;
    Vector8 sum{};
    if (lane < lanes)
      for (std::int64_t pixel = static_cast<std::int64_t>(blockIdx.x) * lanes + lane;
           pixel < pixels;
           pixel += static_cast<std::int64_t>(gridDim.x) * lanes) {
        const Vector8 v = load8(x + pixel * stride + (first_group + group) * vector_channels);
#pragma unroll
        for (int j = 0; j < vector_channels; ++j)
          sum.v[j] += v.v[j];
      }
#pragma unroll
    for (int j = 0; j < vector_channels; ++j)
      sums[threadIdx.x][j] = sum.v[j];
    __syncthreads();
    for (int c = threadIdx.x; c < width * vector_channels; c += block_size) {
      float total = 0.0f;
      for (int l = 0; l < lanes; ++l)
        total += sums[l * width + c / vector_channels][c % vector_channels];
      partial[static_cast<std::int64_t>(blockIdx.x) * groups * vector_channels +
              first_group * vector_channels + c] = total;
    }
    __syncthreads();
  }
}

// One thread an element.
template <class From, class T>
__global__ void sum_blocks_kernel(const From* blocks,
                                  std::int64_t count,
                                  std::int64_t size,
                                  T* result) {
  LIMPID_GRID_STRIDE(i, size) {
    float total = 0.0f;
    for (std::int64_t block = 0; block < count; ++block)
      total += to_float(blocks[block * size + i]);
    from_float(total, result[i]);
  }
}

// Calls f with null pointers of the element types of `from` and `to`, which are equal, or from
// float32.
template <class F>
void with_element_types(const Tensor& from, const Tensor& to, F&& f) {
  require(
      from.shape() == to.shape() && (from.type() == to.type() || from.type() == DataType::float32),
      "tensors do not match");
  with_element_type(to.type(), [&]<class T>(T* target) {
    if (from.type() == to.type())
      f(static_cast<T*>(nullptr), target);
    else
      f(static_cast<float*>(nullptr), target);
  });
}

}  // namespace

void add_bias_and_activate(const Tensor& sum,
                           const Tensor& y,
                           const void* bias,
                           Activation activation,
                           cudaStream_t stream) {
  const int groups = vector_groups(y);
  const std::int64_t pixels = y.shape().pixel_count();
  with_element_types(sum, y, [&]<class From, class T>(From*, T*) {
    bias_activate_kernel<From, T>
        <<<grid_size(pixels * groups, block_size), block_size, 0, stream>>>(
            elements<From>(sum),
            sum.pixel_stride(),
            elements<T>(y),
            y.pixel_stride(),
            static_cast<const T*>(bias),
            groups,
            pixels,
            negative_slope(activation));
  });
  LIMPID_CUDA_LAUNCH();
}

void copy(const Tensor& from, const Tensor& to, cudaStream_t stream) {
  add_bias_and_activate(from, to, nullptr, Activation::none, stream);
}

void multiply_by_derivative(const Tensor& sum,
                            const Tensor& value,
                            Activation activation,
                            const Tensor& gradient,
                            cudaStream_t stream) {
  const int groups = vector_groups(gradient);
  const std::int64_t pixels = gradient.shape().pixel_count();
  with_element_types(sum, gradient, [&]<class From, class T>(From*, T*) {
    multiply_derivative_kernel<From, T>
        <<<grid_size(pixels * groups, block_size), block_size, 0, stream>>>(
            elements<From>(sum),
            sum.pixel_stride(),
            elements<T>(value),
            value.pixel_stride(),
            elements<T>(gradient),
            gradient.pixel_stride(),
            groups,
            pixels,
            negative_slope(activation));
  });
  LIMPID_CUDA_LAUNCH();
}

std::size_t column_sum_workspace(const Shape& shape) {
  return static_cast<std::size_t>(column_sum_blocks * shape.channels) * sizeof(float);
}

void column_sum(const Tensor& gradient, void* bias_gradient, void* workspace, cudaStream_t stream) {
  const int groups = vector_groups(gradient);
  const int channels = groups * vector_channels;
  const std::int64_t pixels = gradient.shape().pixel_count();
  auto* partial = static_cast<float*>(workspace);
  with_element_type(gradient.type(), [&]<class T>(T*) {
    column_sum_kernel<T><<<column_sum_blocks, block_size, 0, stream>>>(
        elements<T>(gradient), gradient.pixel_stride(), groups, pixels, partial);
    LIMPID_CUDA_LAUNCH();
    sum_rows_kernel<T><<<partial_grid(channels), partial_block_size, 0, stream>>>(
        partial, column_sum_blocks, channels, static_cast<T*>(bias_gradient));
  });
  LIMPID_CUDA_LAUNCH();
}

void sum_blocks(const void* blocks,
                DataType type,
                std::int64_t count,
                std::int64_t size,
                DataType result_type,
                void* result,
                cudaStream_t stream) {
  with_element_type(type, [&]<class From>(From*) {
    with_element_type(result_type, [&]<class T>(T*) {
      sum_blocks_kernel<<<grid_size(size, block_size), block_size, 0, stream>>>(
          static_cast<const From*>(blocks), count, size, static_cast<T*>(result));
    });
  });
  LIMPID_CUDA_LAUNCH();
}

}  // namespace limpid::cuda
