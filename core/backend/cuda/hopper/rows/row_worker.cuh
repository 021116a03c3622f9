#pragma once

#include "core/backend/cuda/hopper/row_copy.cuh"
#include "core/backend/cuda/hopper/rows/row_arguments.cuh"
#include "core/backend/cuda/hopper/rows/row_pool.cuh"
#include "core/backend/cuda/hopper/rows/row_unpool.cuh"
#include "core/backend/cuda/hopper/rows/row_words.cuh"
#include "core/backend/cuda/hopper/wgmma.cuh"

// What one warpgroup of the 3x3 convolution on Hopper's tensor cores does (row_convolution.cu).
namespace limpid::cuda {

__device__ inline void warpgroup_barrier(int warpgroup) {
  asm volatile("bar.sync %0, %1;" ::"r"(1 + warpgroup), "n"(warpgroup_threads) : "memory");
}

// One warpgroup. Thread t has, of the strip's 64 pixels, pixels p and p + 8 for p = t / 32 * 16 + t
// % 32 / 4.
template <class Block, ConvolutionResult result>
class RowWorker {
 public:
  __device__ RowWorker(const RowArguments& arguments,
                       std::uint32_t weights,
                       std::uint32_t ring,
                       std::uint32_t barriers,
                       int warpgroup,
                       int first_output)
      : a_(arguments),
        is_leaky_(!joins && arguments.slope != 0.0f && arguments.slope != 1.0f),
        slope_(is_leaky_ ? 1.0f : arguments.slope),
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
    store_row(item.rows - 1);
  }

 private:
  static constexpr bool backward = is_backward(result);
  static constexpr bool joins = result == ConvolutionResult::joined_gradient;
  static constexpr int stages = Block::stages;
  static constexpr int channel_pairs = Block::block_accumulators / 4;  // of a thread and a pixel
  static constexpr int parts = channel_pairs / 4;                      // of 32 channels

  // Forward, one slice is enough to keep those of the input.
  __device__ bool has_signs() const {
    return a_.signs != nullptr && (backward || (Block::can_keep_signs && first_output_ == 0));
  }
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
    if (backward && has_signs())
      signs_ = a_.signs + (pixel * a_.output_channels + channel) / 8;
    if (!backward && has_signs())
      signs_ = a_.signs + ((row + item.y) * work.width + item.x) * Block::groups + thread();
    pool_.start(a_, item, thread(), channel);
    unpool_.start(a_, item, thread(), channel);
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
    if (!backward && has_signs() && row > 0 && row < rows - 1)
      keep_signs();
    if (row > 2)
      store_row(row - 3);
    if (backward && row >= 2)
      load_mask(row - 2);
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

  // Of the input row that is multiplied, from shared memory.
  __device__ void keep_signs() {
    if constexpr (Block::can_keep_signs) {
#pragma unroll
      for (int pass = 0; pass < Block::sign_passes; ++pass) {
        const auto place = Block::sign_place(thread(), pass);
        const auto at = address(slot_) + static_cast<std::uint32_t>(Block::sign_offset(place));
        std::uint32_t words[4];
        load_shared(wgmma::swizzled(at, Block::swizzle), words);
#pragma unroll
        for (std::uint32_t& word : words)
          word = greater_mask(word, 0);
        if (next_.x + 1 + place.pixel < a_.work.width)
          signs_[pass * warpgroup_threads] = sign_byte(words);
      }
      signs_ += a_.work.width * Block::groups;
    }
  }

  __device__ void take_block(int block) {
#pragma unroll
    for (int i = 0; i < channel_pairs; ++i)
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const float* sum = sums_ + block * Block::block_accumulators + 4 * i + 2 * half;
        finished_[half][i / 4].word[i % 4] = packed(sum[0], sum[1]);
      }
    if (is_leaky_)
      take_leaky_block(block);
  }

  // Values below zero are multiplied before they are rounded.
  __device__ void take_leaky_block(int block) {
#pragma unroll
    for (int half = 0; half < 2; ++half)
#pragma unroll
      for (int part = 0; part < parts; ++part) {
        QuadWords& words = finished_[half][part];
        QuadWords above = words;
#pragma unroll
        for (int i = 0; i < 4; ++i)
          above.word[i] = positive(0, half, part, i, words.word[i]);
        if constexpr (backward)
          above = transposed_in_quad(above, lane());
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          const float* sum =
              sums_ + block * Block::block_accumulators + 4 * (4 * part + i) + 2 * half;
          const std::uint32_t scaled = packed(a_.slope * sum[0], a_.slope * sum[1]);
          words.word[i] = (words.word[i] & above.word[i]) | (scaled & ~above.word[i]);
        }
      }
  }

  __device__ void set_to_bias(int block) {
#pragma unroll
    for (int i = 0; i < Block::block_accumulators; ++i)
      sums_[block * Block::block_accumulators + i] = bias_[i / 4 * 2 + i % 2];
  }

  __device__ void load_mask(int row) {
    if constexpr (joins) {
      unpool_.load(a_, row, stores_);
      return;
    }
    if (has_signs()) {
#pragma unroll
      for (int half = 0; half < 2; ++half)
        if (stores_[half])
#pragma unroll
          for (int part = 0; part < parts; ++part)
            mask_words_[half][part].word[0] = signs_[half * a_.output_channels + part * 4];
      signs_ += a_.work.width * a_.output_channels / 8;
      return;
    }
    if (a_.mask == nullptr)
      return;
#pragma unroll
    for (int half = 0; half < 2; ++half)
      if (stores_[half])
#pragma unroll
        for (int part = 0; part < parts; ++part)
          *reinterpret_cast<uint4*>(mask_words_[half][part].word) =
              *reinterpret_cast<const uint4*>(mask_ + half * 8 * a_.mask_stride + part * 32);
    mask_ += a_.work.width * a_.mask_stride;
  }

  __device__ std::uint32_t positive(
      int row, int half, int part, int i, std::uint32_t values) const {
    if constexpr (!backward)
      return greater_mask(values, 0);
    if constexpr (joins)
      return unpool_.positive(row, half, part, i);
    const QuadWords& mask = mask_words_[half][part];
    return has_signs() ? positive_mask(static_cast<SignByte>(mask.word[0]), i)
                       : greater_mask(mask.word[i], 0);
  }

  // Output row `row` of the item.
  __device__ void store_row(int row) {
#pragma unroll
    for (int part = 0; part < parts; ++part) {
      QuadWords pixels[2];
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        QuadWords& words = pixels[half];
        words = transposed_in_quad(finished_[half][part], lane());
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          if constexpr (joins)
            words.word[i] = unpool_.sum(row, half, part, i, words.word[i]);
          words.word[i] = slope_.apply(words.word[i], positive(row, half, part, i, words.word[i]));
        }
        if (stores_[half])
          *reinterpret_cast<uint4*>(output_ + half * 8 * a_.output_stride + part * 32) =
              make_uint4(words.word[0], words.word[1], words.word[2], words.word[3]);
      }
      pool_.take(a_, row, part, pixels);
    }
    pool_.end_row(a_, row);
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
  bool is_leaky_;
  Slope slope_;            // of stored values; 1 if they are leaky and have theirs
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
  SignByte* signs_ = nullptr;  // read, of the mask; forward: written, of the input
  Element* output_;
  bool stores_[2];
  float bias_[2 * channel_pairs];
  float sums_[Block::accumulators];
  QuadWords finished_[2][parts];
  QuadWords mask_words_[2][parts] = {};  // or a byte of signs in the first word of each
  std::conditional_t<result == ConvolutionResult::output_and_pooled, RowPool<parts>, NoRowPool>
      pool_;
  std::conditional_t<joins, RowUnpool<parts>, NoRowUnpool> unpool_;
};

}  // namespace limpid::cuda
