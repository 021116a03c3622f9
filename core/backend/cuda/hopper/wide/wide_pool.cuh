#pragma once

#include "core/backend/cuda/hopper/rows/row_words.cuh"
#include "core/backend/cuda/value_bits.h"

// 2x2 maxima in the registers of wide_epilogue.cuh, and their gradient. A thread has two pixels,
// one below the other; its partner (quad_words.h) has those to the right or left. Tiles begin at
// even rows and pixels.
namespace limpid::cuda {

// Of four channels.
struct WidePooled {
  std::uint32_t larger[2];
  std::uint32_t codes;
};

// Of the 8 channels of a square, the left thread takes the first four and the right one the others.
__device__ inline int first_pooled_channel() {
  return is_right_of_pair(static_cast<int>(threadIdx.x)) ? 4 : 0;
}

// `rows`: 8 channels of the upper and of the lower pixel.
__device__ inline WidePooled pool_with_partner(const QuadWords (&rows)[2]) {
  const bool is_right = is_right_of_pair(static_cast<int>(threadIdx.x));
  std::uint32_t larger[2][2];
  PairMasks masks[2][2];
#pragma unroll
  for (int row = 0; row < 2; ++row)
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      const std::uint32_t own = is_right ? rows[row].word[2 + i] : rows[row].word[i];
      const std::uint32_t given = is_right ? rows[row].word[i] : rows[row].word[2 + i];
      const std::uint32_t taken = __shfl_xor_sync(0xffffffffu, given, pool_partner);
      const std::uint32_t left = is_right ? taken : own;
      const std::uint32_t right = is_right ? own : taken;
      larger[row][i] = larger_of(left, right);
      masks[row][i] = {greater_mask(left, 0), greater_mask(right, 0), greater_mask(right, left)};
    }
  return {{larger_of(larger[0][0], larger[1][0]), larger_of(larger[0][1], larger[1][1])},
          pool_codes(row_codes(masks[0][0], masks[0][1]),
                     row_codes(masks[1][0], masks[1][1]),
                     greater_mask(larger[1][0], larger[0][0]),
                     greater_mask(larger[1][1], larger[0][1]))};
}

// The gradient of maxima, which both pixels of a thread share.
template <int parts>
class WideUnpool {
 public:
  // From the thread's first channel of the square.
  __device__ void load(const __nv_bfloat16* gradient, const PoolCode* codes, std::int64_t first) {
#pragma unroll
    for (int part = 0; part < parts; ++part) {
      const std::int64_t at = first + 32 * part;
      *reinterpret_cast<uint4*>(gradient_[part].word) =
          *reinterpret_cast<const uint4*>(gradient + at);
      *reinterpret_cast<uint2*>(codes_[part]) = *reinterpret_cast<const uint2*>(codes + at);
    }
  }

  // What arrives at the upper or lower pixel: 0 where it was not the maximum.
  __device__ QuadWords gradient(int part, int row) const {
    QuadWords words;
#pragma unroll
    for (int i = 0; i < 4; ++i)
      words.word[i] =
          gradient_[part].word[i] & maximum_mask(codes_[part][i / 2], i % 2, value_of(row));
    return words;
  }

  // 1 where it was positive, else 0.
  __device__ QuadWords mask(int part, int row) const {
    constexpr std::uint32_t ones = 0x3f803f80;
    QuadWords words;
#pragma unroll
    for (int i = 0; i < 4; ++i)
      words.word[i] = ones & positive_mask(codes_[part][i / 2], i % 2, value_of(row));
    return words;
  }

 private:
  __device__ static int value_of(int row) {
    return 2 * row + (is_right_of_pair(static_cast<int>(threadIdx.x)) ? 1 : 0);
  }

  QuadWords gradient_[parts] = {};
  std::uint32_t codes_[parts][2] = {};
};

}  // namespace limpid::cuda
