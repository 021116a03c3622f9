#pragma once

#include "core/backend/cuda/hopper/rows/row_words.cuh"
#include "core/backend/cuda/hopper/wide/wide_convolution_layout.h"
#include "core/backend/cuda/hopper/wide/wide_pool.cuh"

// How the warpgroups of wide_worker.cuh finish and store their sums.
namespace limpid::cuda {

// As in HopperConvolution; null: none.
struct WideResult {
  __nv_bfloat16* output;
  __nv_bfloat16* pooled;
  PoolCode* pool_codes;
  const __nv_bfloat16* mask;
  const __nv_bfloat16* bias;
  std::int64_t output_stride;  // elements from pixel to pixel
  std::int64_t mask_stride;
  int channels;  // of the output
  float slope;   // of the activation below zero
};

template <class Tile>
class WideEpilogue {
 public:
  __device__ WideEpilogue(const WideWork& work, const WideResult& result, int warpgroup)
      : work_(work),
        r_(result),
        warpgroup_(warpgroup),
        is_leaky_(result.slope != 0.0f && result.slope != 1.0f) {}

  // What the end of a tile reads is asked for early and all at once: while the tensor cores work,
  // and not word by word.
  __device__ void start(const WideWork::Item& item) {
    item_ = item;
    if constexpr (!is_backward(result))
      if (r_.bias != nullptr)
#pragma unroll
        for (int part = 0; part < parts; ++part)
#pragma unroll
          for (int i = 0; i < 4; ++i)
            bias_[part].word[i] = *reinterpret_cast<const std::uint32_t*>(
                r_.bias + item_.first_output + 32 * part + 8 * i + lane() % 4 * 2);
  }
  __device__ void load(int block) {
    if constexpr (result == ConvolutionResult::gradient)
      if (r_.mask != nullptr)
        load_masks(block);
    if constexpr (result == ConvolutionResult::joined_gradient) {
      const Pixel at = pixel(block, 0);
      if (at.is_inside)
        unpool_.load(r_.pooled, r_.pool_codes, first_in_square(at));
    }
  }

  __device__ void store(int block, const float (&sums)[Tile::accumulators]) const {
    const Pixel pixels[2] = {pixel(block, 0), pixel(block, 1)};
#pragma unroll
    for (int part = 0; part < parts; ++part) {
      QuadWords words[2];
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        words[half] = finished(sums + 16 * part + 2 * half, part, half);
        if (pixels[half].is_inside)
          *reinterpret_cast<uint4*>(r_.output + pixels[half].index * r_.output_stride +
                                    first_channel() + 32 * part) =
              *reinterpret_cast<const uint4*>(words[half].word);
      }
      if constexpr (result == ConvolutionResult::output_and_pooled)
        store_pooled(pixels[0], part, words);
    }
  }

 private:
  static constexpr auto result = Tile::result;
  static constexpr int parts = Tile::outputs / 32;

  __device__ static int lane() {
    return static_cast<int>(threadIdx.x) % 32;
  }
  // Of the thread's 8 in each part.
  __device__ int first_channel() const {
    return item_.first_output + lane() % 4 * 8;
  }

  // Of the two pixels of a thread in a block the upper or the lower.
  struct Pixel {
    bool is_inside;
    int x;
    int y;
    std::int64_t index;
  };
  __device__ Pixel pixel(int block, int half) const {
    const WidePixel at =
        Tile::pixel(warpgroup_ * Tile::blocks + block, static_cast<int>(threadIdx.x) % 128, half);
    const int x = item_.x + at.column;
    const int y = item_.y + at.row;
    return {x < work_.width && y < work_.height,
            x,
            y,
            (static_cast<std::int64_t>(item_.image) * work_.height + y) * work_.width + x};
  }

  // Where the thread's channels of a pixel's square of 2 x 2 begin in pooled tensors.
  __device__ std::int64_t first_in_square(const Pixel& at) const {
    const std::int64_t row = static_cast<std::int64_t>(item_.image) * (work_.height / 2) + at.y / 2;
    return (row * (work_.width / 2) + at.x / 2) * r_.channels + first_channel();
  }

  __device__ void load_masks(int block) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const Pixel at = pixel(block, half);
      const __nv_bfloat16* from = r_.mask + at.index * r_.mask_stride + first_channel();
#pragma unroll
      for (int part = 0; part < parts; ++part)
        if (at.is_inside)
          *reinterpret_cast<uint4*>(masks_[half][part].word) =
              *reinterpret_cast<const uint4*>(from + 32 * part);
    }
  }

  // What a thread stores of 32 channels of a pixel, rounded once: leaky activations come before the
  // rounding; a ReLU is exact after it.
  __device__ QuadWords finished(const float* sums, int part, int half) const {
    float values[4][2];
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      values[i][0] = sums[4 * i];
      values[i][1] = sums[4 * i + 1];
    }
    if constexpr (!is_backward(result))
      add(values, bias_[part]);
    if constexpr (result == ConvolutionResult::joined_gradient)
      add(values, transposed_in_quad(unpool_.gradient(part, half), lane()));
    if (is_leaky_)
      scale_below_zero(values, part, half);
    QuadWords words;
#pragma unroll
    for (int i = 0; i < 4; ++i)
      words.word[i] = packed(values[i][0], values[i][1]);
    words = transposed_in_quad(words, lane());
    if (r_.slope == 0.0f) {
      const QuadWords signs = is_backward(result) ? mask(part, half) : words;
#pragma unroll
      for (int i = 0; i < 4; ++i)
        words.word[i] &= greater_mask(signs.word[i], 0);
    }
    return words;
  }

  __device__ static void add(float (&values)[4][2], const QuadWords& words) {
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      values[i][0] += low_value(words.word[i]);
      values[i][1] += high_value(words.word[i]);
    }
  }

  // Values that are positive where derivatives are 1.
  __device__ QuadWords mask(int part, int half) const {
    if constexpr (result == ConvolutionResult::joined_gradient)
      return unpool_.mask(part, half);
    return masks_[half][part];
  }

  __device__ void scale_below_zero(float (&values)[4][2], int part, int half) const {
    QuadWords signs{};
    if constexpr (is_backward(result))
      signs = transposed_in_quad(mask(part, half), lane());
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const float low = is_backward(result) ? low_value(signs.word[i]) : values[i][0];
      const float high = is_backward(result) ? high_value(signs.word[i]) : values[i][1];
      const float scaled_low = r_.slope * values[i][0];
      const float scaled_high = r_.slope * values[i][1];
      values[i][0] = low > 0.0f ? values[i][0] : scaled_low;
      values[i][1] = high > 0.0f ? values[i][1] : scaled_high;
    }
  }

  // Of a pixel in an upper row and the one below it.
  __device__ void store_pooled(const Pixel& upper, int part, const QuadWords (&rows)[2]) const {
    const WidePooled found = pool_with_partner(rows);
    if (upper.x / 2 >= work_.width / 2 || upper.y / 2 >= work_.height / 2)
      return;
    const std::int64_t at = first_in_square(upper) + 32 * part + first_pooled_channel();
    *reinterpret_cast<uint2*>(r_.pooled + at) = make_uint2(found.larger[0], found.larger[1]);
    if (r_.pool_codes != nullptr)
      *reinterpret_cast<std::uint32_t*>(r_.pool_codes + at) = found.codes;
  }

  const WideWork& work_;
  const WideResult& r_;
  int warpgroup_;
  bool is_leaky_;
  WideWork::Item item_{};
  QuadWords bias_[parts] = {};
  QuadWords masks_[2][parts] = {};
  WideUnpool<parts> unpool_;
};

}  // namespace limpid::cuda
