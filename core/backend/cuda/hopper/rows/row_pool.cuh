#pragma once

#include "core/backend/cuda/hopper/rows/row_arguments.cuh"
#include "core/backend/cuda/hopper/rows/row_words.cuh"

// The 2x2 maxima of the rows that a warpgroup of the 3x3 convolution stores (row_worker.cuh), from
// the registers in which they lie. Items begin at even rows and pixels.
namespace limpid::cuda {

template <int parts>
class RowPool {
 public:
  __device__ void start(const RowArguments& a, const RowWork::Item& item, int thread, int channel) {
    const int width = a.work.width / 2;
    const int x = item.x / 2 + pooled_pixel(thread);
    stores_ = x < width;
    const std::int64_t row =
        static_cast<std::int64_t>(item.image) * (a.work.height / 2) + item.y / 2;
    at_ = (row * width + x) * a.output_channels + channel;
  }

  // Both pixels of the thread, 8 channels of one part, of output row `row` of the item.
  __device__ void take(const RowArguments& a, int row, int part, const QuadWords (&pixels)[2]) {
    const Pairs pairs = pairs_of(pixels, a.pool_codes != nullptr);
    if (row % 2 == 0)
      above_[part] = pairs;
    else if (stores_)
      store(a, above_[part], pairs, part);
  }

  // After all parts of a row.
  __device__ void end_row(const RowArguments& a, int row) {
    if (row % 2 != 0)
      at_ += a.work.width / 2 * a.output_channels;
  }

 private:
  // Of pairs of neighbouring pixels: the larger values, and the bits of value_bits.h.
  struct Pairs {
    QuadWords larger;
    std::uint32_t codes[2];
  };

  __device__ static Pairs pairs_of(const QuadWords (&pixels)[2], bool has_codes) {
    const bool is_right = is_right_of_pair(static_cast<int>(threadIdx.x));
    Pairs pairs{};
    PairMasks masks[4];
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const std::uint32_t own = is_right ? pixels[1].word[i] : pixels[0].word[i];
      const std::uint32_t given = is_right ? pixels[0].word[i] : pixels[1].word[i];
      const std::uint32_t taken = __shfl_xor_sync(0xffffffffu, given, pool_partner);
      const std::uint32_t left = is_right ? taken : own;
      const std::uint32_t right = is_right ? own : taken;
      pairs.larger.word[i] = larger_of(left, right);
      masks[i] = {greater_mask(left, 0), greater_mask(right, 0), greater_mask(right, left)};
    }
    if (has_codes) {
      pairs.codes[0] = row_codes(masks[0], masks[1]);
      pairs.codes[1] = row_codes(masks[2], masks[3]);
    }
    return pairs;
  }

  __device__ void store(const RowArguments& a,
                        const Pairs& above,
                        const Pairs& below,
                        int part) const {
    QuadWords best;
    std::uint32_t below_larger[4];
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      best.word[i] = larger_of(above.larger.word[i], below.larger.word[i]);
      below_larger[i] = greater_mask(below.larger.word[i], above.larger.word[i]);
    }
    const std::int64_t at = at_ + part * 32;
    *reinterpret_cast<uint4*>(a.pooled + at) =
        make_uint4(best.word[0], best.word[1], best.word[2], best.word[3]);
    if (a.pool_codes != nullptr)
      *reinterpret_cast<uint2*>(a.pool_codes + at) =
          make_uint2(pool_codes(above.codes[0], below.codes[0], below_larger[0], below_larger[1]),
                     pool_codes(above.codes[1], below.codes[1], below_larger[2], below_larger[3]));
  }

  std::int64_t at_ = 0;  // in the pooled tensor
  bool stores_ = false;
  Pairs above_[parts] = {};
};

// In place of it where nothing is pooled.
struct NoRowPool {
  __device__ void start(const RowArguments&, const RowWork::Item&, int, int) {}
  __device__ void take(const RowArguments&, int, int, const QuadWords (&)[2]) {}
  __device__ void end_row(const RowArguments&, int) {}
};

}  // namespace limpid::cuda
