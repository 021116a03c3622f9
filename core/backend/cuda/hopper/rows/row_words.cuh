#pragma once

#include "core/backend/cuda/hopper/quad_words.h"

#include <cuda_bf16.h>

#include <cstdint>

// Arithmetic of the kernels of row_convolution.cu and wide_convolution.cu on words of two values in
// bfloat16. Masks as in value_bits.h.
namespace limpid::cuda {

__device__ inline __nv_bfloat162 as_pair(std::uint32_t word) {
  return *reinterpret_cast<const __nv_bfloat162*>(&word);
}
__device__ inline std::uint32_t greater_mask(std::uint32_t a, std::uint32_t b) {
  return __hgt2_mask(as_pair(a), as_pair(b));
}
__device__ inline std::uint32_t larger_of(std::uint32_t a, std::uint32_t b) {
  const __nv_bfloat162 pair = __hmax2(as_pair(a), as_pair(b));
  return *reinterpret_cast<const std::uint32_t*>(&pair);
}

__device__ inline void load_shared(std::uint32_t address, std::uint32_t (&words)[4]) {
  asm volatile("ld.shared.v4.b32 {%0, %1, %2, %3}, [%4];"
               : "=r"(words[0]), "=r"(words[1]), "=r"(words[2]), "=r"(words[3])
               : "r"(address)
               : "memory");
}

__device__ inline std::uint32_t packed(float low, float high) {
  const __nv_bfloat162 pair = __floats2bfloat162_rn(low, high);
  return *reinterpret_cast<const std::uint32_t*>(&pair);
}

__device__ inline float low_value(std::uint32_t pair) {
  return __uint_as_float(pair << 16);
}
__device__ inline float high_value(std::uint32_t pair) {
  return __uint_as_float(pair & 0xffff0000u);
}

__device__ inline QuadWords transposed_in_quad(QuadWords words, int lane) {
#pragma unroll
  for (int round = 0; round < 2; ++round) {
    QuadPair pair = quad_gives(round, lane, words);
#pragma unroll
    for (std::uint32_t& word : pair.word)
      word = __shfl_xor_sync(0xffffffffu, word, 1 << round);
    words = quad_takes(round, lane, words, pair);
  }
  return words;
}

// Pairs of values, multiplied by `slope` where not positive; by 0 even if infinite.
struct Slope {
  __nv_bfloat162 factor;
  std::uint32_t keep;  // 0 for a slope of 0

  __device__ explicit Slope(float slope)
      : factor(__float2bfloat162_rn(slope)), keep(slope == 0.0f ? 0u : 0xffffffffu) {}
  __device__ std::uint32_t apply(std::uint32_t values, std::uint32_t positive) const {
    const __nv_bfloat162 scaled =
        __hmul2(*reinterpret_cast<const __nv_bfloat162*>(&values), factor);
    const std::uint32_t below = *reinterpret_cast<const std::uint32_t*>(&scaled) & keep;
    return (values & positive) | (below & ~positive);
  }
};

}  // namespace limpid::cuda
