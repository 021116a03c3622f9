#pragma once

#include "core/backend/cuda/device_vector.cuh"
#include "core/backend/cuda/hopper/row_convolution_layout.h"
#include "core/backend/cuda/hopper/row_copy.cuh"
#include "core/backend/cuda/hopper/wgmma.cuh"

// What one warpgroup of the 3x3 convolution on Hopper's tensor cores does (row_convolution.cu).
namespace limpid::cuda {

using Element = __nv_bfloat16;

struct RowArguments {
  RowWork work;
  int slices;           // of the output channels; each block of threads computes one
  int output_channels;  // of all slices
  CUtensorMap input;
  Element* output;
  const Element* mask;
  const Element* weight;
  const Element* bias;
  std::int64_t output_stride;  // elements from pixel to pixel
  std::int64_t mask_stride;
  float slope;  // of the activation below zero
};

__device__ inline void warpgroup_barrier(int warpgroup) {
  asm volatile("bar.sync %0, %1;" ::"r"(1 + warpgroup), "n"(warpgroup_threads) : "memory");
}

__device__ inline std::uint32_t packed(float low, float high) {
  const __nv_bfloat162 pair = __floats2bfloat162_rn(low, high);
  return *reinterpret_cast<const std::uint32_t*>(&pair);
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

// Pairs of values, multiplied by `slope` where `sign` is not positive; by 0 even if infinite.
struct Slope {
  __nv_bfloat162 factor;
  std::uint32_t keep;  // 0 for a slope of 0

  __device__ explicit Slope(float slope)
      : factor(__float2bfloat162_rn(slope)), keep(slope == 0.0f ? 0u : 0xffffffffu) {}
  __device__ std::uint32_t apply(std::uint32_t values, std::uint32_t sign) const {
    const std::uint32_t positive =
        __hgt2_mask(*reinterpret_cast<const __nv_bfloat162*>(&sign), __float2bfloat162_rn(0.0f));
    const __nv_bfloat162 scaled =
        __hmul2(*reinterpret_cast<const __nv_bfloat162*>(&values), factor);
    const std::uint32_t below = *reinterpret_cast<const std::uint32_t*>(&scaled) & keep;
    return (values & positive) | (below & ~positive);
  }
};

// One warpgroup. Thread t has, of the strip's 64 pixels, pixels p and p + 8 for p = t / 32 * 16 + t
// % 32 / 4.
template <class Block, bool backward>
class RowWorker {
 public:
  __device__ RowWorker(const RowArguments& arguments,
                       std::uint32_t weights,
                       std::uint32_t ring,
                       std::uint32_t barriers,
                       int warpgroup,
                       int first_output)
      : a_(arguments),
        slope_(arguments.slope),
        weights_(wgmma::descriptor(weights, Block::weight_strides)),
        ring_(ring),
        barriers_(barriers),
        warpgroup_(warpgroup),
        first_output_(first_output) {
    const int channel = first_output + lane() % 4 * 2;
#pragma unroll
    for (int i = 0; i < channel_pairs; ++i) {
      const bool has_bias = !backward && a_.bias != nullptr;
      bias_[2 * i] = has_bias ? to_float(a_.bias[channel + 8 * i]) : 0.0f;
      bias_[2 * i + 1] = has_bias ? to_float(a_.bias[channel + 8 * i + 1]) : 0.0f;
    }
  }

  __device__ void run(const RowWork::Item& item) {
    start(item);
    const int rows = item.rows + 2;
    for (int row = 0;;) {
      step<0>(row, rows);
      if (++row == rows)
        break;
      step<1>(row, rows);
      if (++row == rows)
        break;
      step<2>(row, rows);
      if (++row == rows)
        break;
    }
    store_row();
  }

 private:
  static constexpr int stages = Block::stages;
  static constexpr int channel_pairs = Block::block_accumulators / 4;  // of a thread and a pixel
  static constexpr int parts = channel_pairs / 4;                      // of 32 channels

  __device__ static int thread() {
    return threadIdx.x % warpgroup_threads;
  }
  __device__ static int lane() {
    return threadIdx.x % 32;
  }

  __device__ void start(const RowWork::Item& item) {
    const RowWork& work = a_.work;
    next_ = {item.x - 1, item.y - 1, item.image};
    const std::int64_t row = static_cast<std::int64_t>(item.image) * work.height;
    const int out_x = item.x + thread() / 32 * 16 + lane() / 4;
    const std::int64_t pixel = (row + item.y) * work.width + out_x;
    const int channel = first_output_ + lane() % 4 * 8;
    output_ = a_.output + pixel * a_.output_stride + channel;
    if (backward && a_.mask != nullptr)
      mask_ = a_.mask + pixel * a_.mask_stride + channel;
    stores_[0] = out_x < work.width;
    stores_[1] = out_x + 8 < work.width;

#pragma unroll
    for (int block = 0; block < 3; ++block)
      set_to_bias(block);
    warpgroup_barrier(warpgroup_);  // nobody reads the ring any more
#pragma unroll
    for (int row = 0; row < stages - 1; ++row)
      copy_row(row < item.rows + 2);
  }

  // Takes input row `row`, counted from the one above the first output row. It completes output row
  // `row` - 2, in block `rotation`; while the tensor cores work, the row before that is stored.
  template <int rotation>
  __device__ void step(int row, int rows) {
    wait_for_row(barrier(slot_), round_);
    warpgroup_barrier(warpgroup_);  // and nobody reads the row before any more
    multiply_row<rotation>();
    copy_row(row + stages - 1 < rows);
    if (row > 2)
      store_row();
    if (backward && a_.mask != nullptr && row >= 2)
      load_mask();
    wgmma::wait<0>();
    wgmma::hold(sums_);
    take_block(rotation);
    set_to_bias(rotation);
    slot_ = after(slot_);
    if (slot_ == 0)
      round_ ^= 1;
  }

  // Starts copying the next input row to the next slot; outside the image there are zeros.
  __device__ void copy_row(bool is_needed) {
    if (!is_needed)
      return;
    if (thread() == 0)
      start_row_copy<Block>(address(copy_slot_), a_.input, barrier(copy_slot_), next_);
    ++next_.y;
    copy_slot_ = after(copy_slot_);
  }

  template <int rotation>
  __device__ void multiply_row() {
    const std::uint64_t input =
        wgmma::descriptor(address(slot_), Block::input_strides, Block::swizzle);
    wgmma::begin(sums_);
#pragma unroll
    for (int tap = 0; tap < 3; ++tap)
#pragma unroll
      for (int step = 0; step < Block::depth_steps; ++step)
        wgmma::multiply(sums_,
                        input + Block::input_start(tap, step) / 16,
                        weights_ + Block::weight_start(rotation, tap, step) / 16);
    wgmma::commit();
  }

  __device__ void take_block(int block) {
#pragma unroll
    for (int i = 0; i < channel_pairs; ++i)
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const float* sum = sums_ + block * Block::block_accumulators + 4 * i + 2 * half;
        finished_[half][i / 4].word[i % 4] = packed(sum[0], sum[1]);
      }
  }

  __device__ void set_to_bias(int block) {
#pragma unroll
    for (int i = 0; i < Block::block_accumulators; ++i)
      sums_[block * Block::block_accumulators + i] = bias_[i / 4 * 2 + i % 2];
  }

  __device__ void load_mask() {
#pragma unroll
    for (int half = 0; half < 2; ++half)
      if (stores_[half])
#pragma unroll
        for (int part = 0; part < parts; ++part)
          *reinterpret_cast<uint4*>(mask_words_[half][part].word) =
              *reinterpret_cast<const uint4*>(mask_ + half * 8 * a_.mask_stride + part * 32);
    mask_ += a_.work.width * a_.mask_stride;
  }

  __device__ void store_row() {
#pragma unroll
    for (int half = 0; half < 2; ++half)
#pragma unroll
      for (int part = 0; part < parts; ++part) {
        QuadWords words = transposed_in_quad(finished_[half][part], lane());
#pragma unroll
        for (int i = 0; i < 4; ++i)
          words.word[i] = slope_.apply(words.word[i],
                                       backward ? mask_words_[half][part].word[i] : words.word[i]);
        if (stores_[half])
          *reinterpret_cast<uint4*>(output_ + half * 8 * a_.output_stride + part * 32) =
              make_uint4(words.word[0], words.word[1], words.word[2], words.word[3]);
      }
    output_ += a_.work.width * a_.output_stride;
  }

  __device__ static int after(int slot) {
    return slot + 1 == stages ? 0 : slot + 1;
  }
  __device__ std::uint32_t address(int slot) const {
    return ring_ + static_cast<std::uint32_t>(slot * Block::slot_bytes);
  }
  __device__ std::uint32_t barrier(int slot) const {
    return barriers_ + static_cast<std::uint32_t>(slot * Block::barrier_bytes);
  }

  const RowArguments& a_;
  Slope slope_;
  std::uint64_t weights_;  // descriptor
  std::uint32_t ring_;     // addresses in shared memory
  std::uint32_t barriers_;
  int slot_ = 0;        // of the row that is multiplied next
  unsigned round_ = 0;  // of the ring, its lowest bit
  int copy_slot_ = 0;
  RowPlace next_{};  // of the input row that is copied next
  int warpgroup_;
  int first_output_;
  const Element* mask_;
  Element* output_;
  bool stores_[2];
  float bias_[2 * channel_pairs];
  float sums_[Block::accumulators];
  QuadWords finished_[2][parts];
  QuadWords mask_words_[2][parts] = {};
};

}  // namespace limpid::cuda
