#pragma once

#include "core/backend/ops.h"

#include <cuda_bf16.h>

#include <cstdint>

// Eight neighbouring channels at a time, as floats.
namespace limpid::cuda {

inline constexpr int vector_channels = 8;

struct Vector8 {
  float v[vector_channels];
};

__device__ inline Vector8 load8(const float* p) {
  const float4 a = reinterpret_cast<const float4*>(p)[0];
  const float4 b = reinterpret_cast<const float4*>(p)[1];
  return {{a.x, a.y, a.z, a.w, b.x, b.y, b.z, b.w}};
}

__device__ inline Vector8 load8(const __nv_bfloat16* p) {
  const uint4 raw = *reinterpret_cast<const uint4*>(p);
  const std::uint32_t words[4] = {raw.x, raw.y, raw.z, raw.w};
  Vector8 result;
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    result.v[2 * i] = __uint_as_float(words[i] << 16);
    result.v[2 * i + 1] = __uint_as_float(words[i] & 0xffff0000u);
  }
  return result;
}

__device__ inline void store8(float* p, const Vector8& x) {
  reinterpret_cast<float4*>(p)[0] = make_float4(x.v[0], x.v[1], x.v[2], x.v[3]);
  reinterpret_cast<float4*>(p)[1] = make_float4(x.v[4], x.v[5], x.v[6], x.v[7]);
}

__device__ inline void store8(__nv_bfloat16* p, const Vector8& x) {
  __nv_bfloat162 pairs[4];
#pragma unroll
  for (int i = 0; i < 4; ++i)
    pairs[i] = __floats2bfloat162_rn(x.v[2 * i], x.v[2 * i + 1]);
  *reinterpret_cast<uint4*>(p) = *reinterpret_cast<const uint4*>(pairs);
}

__device__ inline float to_float(float x) {
  return x;
}
__device__ inline float to_float(__nv_bfloat16 x) {
  return __bfloat162float(x);
}
__device__ inline void from_float(float x, float& y) {
  y = x;
}
__device__ inline void from_float(float x, __nv_bfloat16& y) {
  y = __float2bfloat16_rn(x);
}

inline __host__ __device__ float negative_slope(Activation activation) {
  return activation == Activation::none   ? 1.0f
         : activation == Activation::relu ? 0.0f
                                          : leaky_relu_slope;
}

// How many times 8 channels the pixels of a tensor have.
inline int vector_groups(const Tensor& tensor) {
  require(tensor.shape().channels % vector_channels == 0 &&
              tensor.pixel_stride() % vector_channels == 0,
          "a tensor whose channels or pixels are no multiples of 8");
  return static_cast<int>(tensor.shape().channels / vector_channels);
}

// Blocks for a grid-stride loop over `count` items: enough to fill the GPU, few enough to be cheap.
inline int grid_size(std::int64_t count, int block_size) {
  const std::int64_t blocks = (count + block_size - 1) / block_size;
  return static_cast<int>(blocks < 1 ? 1 : blocks > 16384 ? 16384 : blocks);
}

#define LIMPID_GRID_STRIDE(index, count)                                                      \
  for (std::int64_t index = blockIdx.x * static_cast<std::int64_t>(blockDim.x) + threadIdx.x; \
       index < (count);                                                                       \
       index += static_cast<std::int64_t>(gridDim.x) * blockDim.x)

// Calls f with a null pointer of the element type of `type`.
template <class F>
void with_element_type(DataType type, F&& f) {
  if (type == DataType::float32)
    f(static_cast<float*>(nullptr));
  else
    f(static_cast<__nv_bfloat16*>(nullptr));
}

template <class T>
T* elements(const Tensor& tensor) {
  return reinterpret_cast<T*>(tensor.data());
}

}  // namespace limpid::cuda
