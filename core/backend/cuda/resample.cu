#include "core/backend/cuda/check.h"
#include "core/backend/cuda/device_vector.cuh"
#include "core/backend/cuda/kernels.h"

namespace limpid::cuda {
namespace {

constexpr int block_size = 256;

// A tensor as the kernels see it.
template <class T>
struct View {
  T* data;
  std::int64_t stride;  // elements from pixel to pixel
  std::int64_t width;   // pixels

  // Address of pixel (row, x), channel c; rows count through the batch.
  __device__ T* at(std::int64_t row, std::int64_t x, int c) const {
    return data + (row * width + x) * stride + c;
  }
};

template <class T>
View<T> view(const Tensor& tensor) {
  return {elements<T>(tensor), tensor.pixel_stride(), tensor.shape().width};
}

// Place of one thread: 8 channels of one pixel of the smaller image. Neighbouring threads take
// neighbouring channels, then neighbouring pixels.
struct Place {
  std::int64_t row, x;
  int channel;
};

__device__ inline Place place_of(std::int64_t i, int groups, std::int64_t width) {
  const std::int64_t pixel = i / groups;
  return {pixel / width, pixel % width, static_cast<int>(i % groups) * vector_channels};
}

template <class T>
__global__ void max_pool_kernel(View<T> large, View<T> small, int groups, std::int64_t count) {
  LIMPID_GRID_STRIDE(i, count) {
    const Place p = place_of(i, groups, small.width);
    Vector8 best = load8(large.at(2 * p.row, 2 * p.x, p.channel));
#pragma unroll
    for (int q = 1; q < 4; ++q) {
      const Vector8 v = load8(large.at(2 * p.row + q / 2, 2 * p.x + q % 2, p.channel));
#pragma unroll
      for (int j = 0; j < vector_channels; ++j)
        best.v[j] = v.v[j] > best.v[j] ? v.v[j] : best.v[j];
    }
    store8(small.at(p.row, p.x, p.channel), best);
  }
}

template <class T>
__global__ void max_pool_backward_kernel(View<T> large,
                                         View<T> small_gradient,
                                         View<T> large_gradient,
                                         int groups,
                                         std::int64_t count,
                                         bool accumulate,
                                         float slope) {
  LIMPID_GRID_STRIDE(i, count) {
    const Place p = place_of(i, groups, small_gradient.width);
    const Vector8 g = load8(small_gradient.at(p.row, p.x, p.channel));
    Vector8 x[4];
    int best_at[vector_channels] = {};
#pragma unroll
    for (int q = 0; q < 4; ++q)
      x[q] = load8(large.at(2 * p.row + q / 2, 2 * p.x + q % 2, p.channel));
#pragma unroll
    for (int j = 0; j < vector_channels; ++j) {
      float best = x[0].v[j];
#pragma unroll
      for (int q = 1; q < 4; ++q)
        if (x[q].v[j] > best) {
          best = x[q].v[j];
          best_at[j] = q;
        }
    }
#pragma unroll
    for (int q = 0; q < 4; ++q) {
      T* at = large_gradient.at(2 * p.row + q / 2, 2 * p.x + q % 2, p.channel);
      Vector8 sum = accumulate ? load8(at) : Vector8{};
#pragma unroll
      for (int j = 0; j < vector_channels; ++j) {
        sum.v[j] += best_at[j] == q ? g.v[j] : 0.0f;
        sum.v[j] *= x[q].v[j] > 0.0f ? 1.0f : slope;
      }
      store8(at, sum);
    }
  }
}

template <class T>
__global__ void upsample_kernel(View<T> small, View<T> large, int groups, std::int64_t count) {
  LIMPID_GRID_STRIDE(i, count) {
    const Place p = place_of(i, groups, small.width);
    const Vector8 v = load8(small.at(p.row, p.x, p.channel));
#pragma unroll
    for (int q = 0; q < 4; ++q)
      store8(large.at(2 * p.row + q / 2, 2 * p.x + q % 2, p.channel), v);
  }
}

// One thread 8 channels of one pixel of the larger image.
template <class T>
__global__ void upsample_odd_kernel(
    View<T> small, View<T> large, bool odd_height, bool odd_width, int groups, std::int64_t count) {
  LIMPID_GRID_STRIDE(i, count) {
    const Place p = place_of(i, groups, large.width);
    const Vector8 v = load8(
        small.at(nearest_source(p.row, odd_height), nearest_source(p.x, odd_width), p.channel));
    store8(large.at(p.row, p.x, p.channel), v);
  }
}

template <class T>
__global__ void upsample_backward_kernel(View<T> small,
                                         View<T> large_gradient,
                                         View<T> small_gradient,
                                         int groups,
                                         std::int64_t count,
                                         float slope) {
  LIMPID_GRID_STRIDE(i, count) {
    const Place p = place_of(i, groups, small.width);
    Vector8 sum{};
#pragma unroll
    for (int q = 0; q < 4; ++q) {
      const Vector8 g = load8(large_gradient.at(2 * p.row + q / 2, 2 * p.x + q % 2, p.channel));
#pragma unroll
      for (int j = 0; j < vector_channels; ++j)
        sum.v[j] += g.v[j];
    }
    const Vector8 value = load8(small.at(p.row, p.x, p.channel));
#pragma unroll
    for (int j = 0; j < vector_channels; ++j)
      sum.v[j] *= value.v[j] > 0.0f ? 1.0f : slope;
    store8(small_gradient.at(p.row, p.x, p.channel), sum);
  }
}

// One thread a pixel of the smaller image: 2x2 image pixels against 4 channels. Dense tensors.
template <class T>
__global__ void gather_2x2_kernel(const float* image,
                                  T* small,
                                  std::int64_t small_width,
                                  std::int64_t count) {
  LIMPID_GRID_STRIDE(i, count) {
    const float* above = image + (i / small_width) * 4 * small_width + 2 * (i % small_width);
    const float2 top = *reinterpret_cast<const float2*>(above);
    const float2 bottom = *reinterpret_cast<const float2*>(above + 2 * small_width);
    from_float(top.x, small[4 * i]);
    from_float(top.y, small[4 * i + 1]);
    from_float(bottom.x, small[4 * i + 2]);
    from_float(bottom.y, small[4 * i + 3]);
  }
}

__global__ void scatter_2x2_kernel(const float* small,
                                   float* image,
                                   std::int64_t small_width,
                                   std::int64_t count) {
  LIMPID_GRID_STRIDE(i, count) {
    const float4 v = reinterpret_cast<const float4*>(small)[i];
    float* above = image + (i / small_width) * 4 * small_width + 2 * (i % small_width);
    *reinterpret_cast<float2*>(above) = make_float2(v.x, v.y);
    *reinterpret_cast<float2*>(above + 2 * small_width) = make_float2(v.z, v.w);
  }
}

// Threads for 8 channels of every pixel.
std::int64_t thread_count(const Tensor& tensor) {
  return tensor.shape().pixel_count() * vector_groups(tensor);
}

}  // namespace

void max_pool(const Tensor& input, const Tensor& output, cudaStream_t stream) {
  const std::int64_t count = thread_count(output);
  with_element_type(input.type(), [&]<class T>(T*) {
    max_pool_kernel<T><<<grid_size(count, block_size), block_size, 0, stream>>>(
        view<T>(input), view<T>(output), vector_groups(output), count);
  });
  LIMPID_CUDA_LAUNCH();
}

void max_pool_backward(const Tensor& input,
                       const Tensor& output_gradient,
                       const Tensor& input_gradient,
                       const ResampleDesc& desc,
                       cudaStream_t stream) {
  require(input.shape().height % 2 == 0 && input.shape().width % 2 == 0,
          "the gradient of a pool of odd images");
  const std::int64_t count = thread_count(output_gradient);
  with_element_type(input.type(), [&]<class T>(T*) {
    max_pool_backward_kernel<T><<<grid_size(count, block_size), block_size, 0, stream>>>(
        view<T>(input),
        view<T>(output_gradient),
        view<T>(input_gradient),
        vector_groups(output_gradient),
        count,
        desc.accumulate,
        negative_slope(desc.input_activation));
  });
  LIMPID_CUDA_LAUNCH();
}

void upsample_nearest(const Tensor& input, const Tensor& output, cudaStream_t stream) {
  const std::int64_t count = thread_count(input);
  with_element_type(input.type(), [&]<class T>(T*) {
    upsample_kernel<T><<<grid_size(count, block_size), block_size, 0, stream>>>(
        view<T>(input), view<T>(output), vector_groups(input), count);
  });
  LIMPID_CUDA_LAUNCH();
}

void upsample_nearest_odd(const Tensor& input,
                          const Tensor& output,
                          const ResampleDesc& desc,
                          cudaStream_t stream) {
  const std::int64_t count = thread_count(output);
  with_element_type(input.type(), [&]<class T>(T*) {
    upsample_odd_kernel<T>
        <<<grid_size(count, block_size), block_size, 0, stream>>>(view<T>(input),
                                                                  view<T>(output),
                                                                  desc.odd_height,
                                                                  desc.odd_width,
                                                                  vector_groups(output),
                                                                  count);
  });
  LIMPID_CUDA_LAUNCH();
}

void upsample_nearest_backward(const Tensor& input,
                               const Tensor& output_gradient,
                               const Tensor& input_gradient,
                               Activation input_activation,
                               cudaStream_t stream) {
  const std::int64_t count = thread_count(input);
  with_element_type(input.type(), [&]<class T>(T*) {
    upsample_backward_kernel<T>
        <<<grid_size(count, block_size), block_size, 0, stream>>>(view<T>(input),
                                                                  view<T>(output_gradient),
                                                                  view<T>(input_gradient),
                                                                  vector_groups(input),
                                                                  count,
                                                                  negative_slope(input_activation));
  });
  LIMPID_CUDA_LAUNCH();
}

void space_to_depth(const Tensor& image, const Tensor& output, cudaStream_t stream) {
  const std::int64_t count = output.shape().pixel_count();
  with_element_type(output.type(), [&]<class T>(T*) {
    gather_2x2_kernel<T><<<grid_size(count, block_size), block_size, 0, stream>>>(
        elements<float>(image), elements<T>(output), output.shape().width, count);
  });
  LIMPID_CUDA_LAUNCH();
}

void depth_to_space(const Tensor& input, const Tensor& image, cudaStream_t stream) {
  const std::int64_t count = input.shape().pixel_count();
  scatter_2x2_kernel<<<grid_size(count, block_size), block_size, 0, stream>>>(
      elements<float>(input), elements<float>(image), input.shape().width, count);
  LIMPID_CUDA_LAUNCH();
}

void depth_to_space_backward(const Tensor& image_gradient,
                             const Tensor& input_gradient,
                             cudaStream_t stream) {
  space_to_depth(image_gradient, input_gradient, stream);
}

}  // namespace limpid::cuda
