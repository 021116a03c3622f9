#pragma once

#include "core/backend/cuda/hopper/rows/row_arguments.cuh"
#include "core/backend/cuda/hopper/rows/row_words.cuh"

// The gradient of 2x2 maxima, added to the rows that a warpgroup of the 3x3 convolution stores
// (row_worker.cuh), by the codes of the maxima. Items begin at even rows and pixels.
namespace limpid::cuda {

template <int parts>
class RowUnpool {
 public:
  __device__ void start(const RowArguments& a, const RowWork::Item& item, int thread, int channel) {
    const int x = item.x + thread / 32 * 16 + thread % 32 / 4;
    const std::int64_t row =
        static_cast<std::int64_t>(item.image) * (a.work.height / 2) + item.y / 2;
    at_ = (row * (a.work.width / 2) + x / 2) * a.output_channels + channel;
  }

  // What the thread's two pixels of output row `row` of the item need, long before they do.
  __device__ void load(const RowArguments& a, int row, const bool (&stores)[2]) {
#pragma unroll
    for (int half = 0; half < 2; ++half)
      if (stores[half])
#pragma unroll
        for (int part = 0; part < parts; ++part) {
          const std::int64_t at = at_ + half * 4 * a.output_channels + part * 32;
          *reinterpret_cast<uint4*>(gradients_[half][part].word) =
              *reinterpret_cast<const uint4*>(a.pooled + at);
          *reinterpret_cast<uint2*>(codes_[half][part]) =
              *reinterpret_cast<const uint2*>(a.pool_codes + at);
        }
    if (row % 2 != 0)
      at_ += a.work.width / 2 * a.output_channels;
  }

  // Of word `i` of a part: the values with the pooled gradient where they were the maximum.
  __device__ std::uint32_t sum(int row, int half, int part, int i, std::uint32_t values) const {
    const std::uint32_t added = gradients_[half][part].word[i] &
                                maximum_mask(codes_[half][part][i / 2], i % 2, value_of(row));
    const __nv_bfloat162 sum = __hadd2(as_pair(values), as_pair(added));
    return *reinterpret_cast<const std::uint32_t*>(&sum);
  }

  __device__ std::uint32_t positive(int row, int half, int part, int i) const {
    return positive_mask(codes_[half][part][i / 2], i % 2, value_of(row));
  }

 private:
  __device__ static int value_of(int row) {
    return row % 2 * 2 + static_cast<int>(threadIdx.x) / pool_partner % 2;
  }

  std::int64_t at_ = 0;  // in the pooled gradient
  QuadWords gradients_[2][parts] = {};
  std::uint32_t codes_[2][parts][2] = {};
};

// In place of it where nothing is added.
struct NoRowUnpool {
  __device__ void start(const RowArguments&, const RowWork::Item&, int, int) {}
};

}  // namespace limpid::cuda
