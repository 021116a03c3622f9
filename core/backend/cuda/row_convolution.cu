#include "core/backend/cuda/check.h"
#include "core/backend/cuda/device_vector.cuh"
#include "core/backend/cuda/row_convolution.h"
#include "core/backend/cuda/row_convolution_layout.h"
#include "core/backend/cuda/wgmma.cuh"

#include <algorithm>

namespace limpid::cuda {
namespace {

using Element = __nv_bfloat16;

struct RowArguments {
  RowWork work;
  int slices;           // of the output channels; each block of threads computes one
  int output_channels;  // of all slices
  const Element* input;
  Element* output;
  const Element* mask;
  const Element* weight;
  const Element* bias;
  std::int64_t input_stride;  // elements from pixel to pixel
  std::int64_t output_stride;
  std::int64_t mask_stride;
  float slope;  // of the activation below zero
};

__device__ inline void copy_16_bytes(std::uint32_t shared, const void* global, bool is_inside) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared),
               "l"(global),
               "r"(is_inside ? 16 : 0)
               : "memory");
}

__device__ inline void end_copy_group() {
  asm volatile("cp.async.commit_group;" ::: "memory");
}

template <int pending>
__device__ inline void wait_for_copies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(pending) : "memory");
}

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

// All threads of the block together bring the slice's weights into shared memory.
template <class Block, bool backward>
__device__ void load_weights(const RowArguments& a, int first_output, unsigned char* shared) {
  constexpr int outputs = Block::block_accumulators * 2;
  constexpr int inputs = Block::groups * 8;
  for (int i = threadIdx.x; i < Block::weight_chunks; i += Block::threads) {
    const int output = i % outputs;
    const int group = i / outputs % Block::groups;
    const int tap = i / outputs / Block::groups;
    uint4 chunk;
    if constexpr (backward) {
      auto* values = reinterpret_cast<Element*>(&chunk);
#pragma unroll
      for (int c = 0; c < 8; ++c)
        values[c] =
            a.weight[((group * 8 + c) * 9 + 8 - tap) * a.output_channels + first_output + output];
    } else {
      chunk = *reinterpret_cast<const uint4*>(
          a.weight + ((first_output + output) * 9 + tap) * inputs + group * 8);
    }
#pragma unroll
    for (int block = 0; block < Block::tap_blocks; ++block)
      if (Block::tap_of_block(block) == tap / 3)
        *reinterpret_cast<uint4*>(shared + Block::weight_offset(tap % 3, group, block, output)) =
            chunk;
  }
}

// One warpgroup. Thread t has, of the strip's 64 pixels, pixels p and p + 8 for p = t / 32 * 16 + t
// % 32 / 4.
template <class Block, bool backward>
class RowWorker {
 public:
  __device__ RowWorker(const RowArguments& arguments,
                       std::uint32_t weights,
                       std::uint32_t ring,
                       int warpgroup,
                       int first_output)
      : a_(arguments),
        slope_(arguments.slope),
        weights_(wgmma::descriptor(weights, Block::weight_strides)),
        ring_(ring),
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
    const typename Block::Chunk chunk = Block::chunk(thread(), 0);
    const int x = item.x - 1 + chunk.pixel;
    copy_y_ = item.y - 1;
    const std::int64_t row = static_cast<std::int64_t>(item.image) * work.height;
    source_ = a_.input + ((row + copy_y_) * work.width + x) * a_.input_stride + 8 * chunk.group;
    inside_ = 0;
#pragma unroll
    for (int pass = 0; pass < Block::passes; ++pass)
      if (x + pass * Block::pass_pixels >= 0 && x + pass * Block::pass_pixels < work.width)
        inside_ |= 1u << pass;

    const int out_x = item.x + thread() / 32 * 16 + lane() / 4;
    const std::int64_t pixel = (row + item.y) * work.width + out_x;
    const int channel = first_output_ + lane() % 4 * 8;
    output_ = a_.output + pixel * a_.output_stride + channel;
    if (backward && a_.mask != nullptr)
      mask_ = a_.mask + pixel * a_.mask_stride + channel;
    stores_[0] = out_x < work.width;
    stores_[1] = out_x + 8 < work.width;

    slot_ = ring_;
    copy_slot_ = ring_;
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
    wait_for_copies<stages - 2>();
    wgmma::fence_shared_writes();
    warpgroup_barrier(warpgroup_);
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
  }

  // Starts copying the next input row to the next slot; outside the image there are zeros.
  __device__ void copy_row(bool is_needed) {
    if (is_needed) {
      const bool row_inside = copy_y_ >= 0 && copy_y_ < a_.work.height;
      const typename Block::Chunk first = Block::chunk(thread(), 0);
      const std::uint32_t to = copy_slot_ + Block::row_offset(0, first.group, first.pixel);
#pragma unroll
      for (int pass = 0; pass < Block::passes; ++pass)
        if (first.pixel + pass * Block::pass_pixels < Block::row_pixels)
          copy_16_bytes(to + pass * Block::pass_pixels * wgmma::core_row_bytes,
                        source_ + pass * Block::pass_pixels * a_.input_stride,
                        row_inside && (inside_ >> pass & 1u) != 0);
      source_ += a_.work.width * a_.input_stride;
      ++copy_y_;
      copy_slot_ = after(copy_slot_);
    }
    end_copy_group();
  }

  template <int rotation>
  __device__ void multiply_row() {
    const std::uint64_t input = wgmma::descriptor(slot_, Block::input_strides);
    wgmma::begin(sums_);
#pragma unroll
    for (int tap = 0; tap < 3; ++tap)
#pragma unroll
      for (int step = 0; step < Block::depth_steps; ++step)
        wgmma::multiply(sums_,
                        input + Block::input_start(0, tap, step) / 16,
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

  __device__ std::uint32_t after(std::uint32_t slot) const {
    slot += Block::row_bytes;
    return slot == ring_ + Block::ring_bytes ? ring_ : slot;
  }

  const RowArguments& a_;
  Slope slope_;
  std::uint64_t weights_;  // descriptor
  std::uint32_t ring_;     // addresses in shared memory
  std::uint32_t slot_;
  std::uint32_t copy_slot_;
  int warpgroup_;
  int first_output_;
  int copy_y_;             // of the input row that is copied next
  unsigned inside_;        // bit i: the chunk of pass i lies inside the image
  const Element* source_;  // of pass 0
  const Element* mask_;
  Element* output_;
  bool stores_[2];
  float bias_[2 * channel_pairs];
  float sums_[Block::accumulators];
  QuadWords finished_[2][parts];
  QuadWords mask_words_[2][parts] = {};
};

template <int input_channels, int output_channels, bool backward>
__global__ void __launch_bounds__(RowBlock<input_channels, output_channels>::threads, 1)
    row_convolution_kernel(const __grid_constant__ RowArguments arguments) {
  using Block = RowBlock<input_channels, output_channels>;
  extern __shared__ __align__(128) unsigned char shared[];
  const int first_output = static_cast<int>(blockIdx.x) % arguments.slices * output_channels;
  load_weights<Block, backward>(arguments, first_output, shared);
  wgmma::fence_shared_writes();
  __syncthreads();

  // The shuffle tells the compiler that all threads of a warp agree.
  const int warpgroup =
      __shfl_sync(0xffffffffu, static_cast<int>(threadIdx.x) / warpgroup_threads, 0);
  const auto weights = static_cast<std::uint32_t>(__cvta_generic_to_shared(shared));
  RowWorker<Block, backward> worker(arguments,
                                    weights,
                                    weights + Block::weight_bytes + warpgroup * Block::ring_bytes,
                                    warpgroup,
                                    first_output);
  const int blocks = static_cast<int>(gridDim.x) / arguments.slices;
  const int block = static_cast<int>(blockIdx.x) / arguments.slices;
  for (int i = warpgroup * blocks + block; i < arguments.work.items();
       i += blocks * Block::warpgroups)
    worker.run(arguments.work.item(i));
}

template <int input_channels, int output_channels, bool backward>
void launch(RowArguments arguments, int multiprocessors, cudaStream_t stream) {
  using Block = RowBlock<input_channels, output_channels>;
  const auto kernel = row_convolution_kernel<input_channels, output_channels, backward>;
  LIMPID_CUDA(cudaFuncSetAttribute(
      kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, Block::shared_bytes));
  RowWork& work = arguments.work;
  const int processors = std::max(1, multiprocessors / arguments.slices);
  work = divide_rows(work.images, work.height, work.width, processors, Block::warpgroups);
  const int blocks = std::min(processors, work.items()) * arguments.slices;
  kernel<<<static_cast<unsigned>(blocks), Block::threads, Block::shared_bytes, stream>>>(arguments);
  LIMPID_CUDA_LAUNCH();
}

// The channels that one block of threads computes.
int slice_channels(std::int64_t input_channels, std::int64_t output_channels) {
  return output_channels % 64 == 0 && input_channels <= 64 ? 64 : 32;
}

template <bool backward>
void launch(const RowArguments& arguments,
            std::int64_t input_channels,
            int multiprocessors,
            cudaStream_t stream) {
  const bool is_wide = slice_channels(input_channels, arguments.output_channels) == 64;
  if (input_channels == 128)
    launch<128, 32, backward>(arguments, multiprocessors, stream);
  else if (input_channels == 64 && is_wide)
    launch<64, 64, backward>(arguments, multiprocessors, stream);
  else if (input_channels == 64)
    launch<64, 32, backward>(arguments, multiprocessors, stream);
  else if (is_wide)
    launch<32, 64, backward>(arguments, multiprocessors, stream);
  else
    launch<32, 32, backward>(arguments, multiprocessors, stream);
}

}  // namespace

bool can_convolve_rows(int compute_capability,
                       std::int64_t input_channels,
                       std::int64_t output_channels) {
  const bool has_input = input_channels == 32 || input_channels == 64 || input_channels == 128;
  return compute_capability == 90 && has_input && output_channels % 32 == 0 &&
         output_channels <= 128;
}

void convolve_rows(const RowConvolution& c, int multiprocessors, cudaStream_t stream) {
  const Shape& from = c.input.shape();
  const Shape& to = c.output.shape();
  const auto is_aligned = [](const Tensor& t) {
    return t.empty() ||
           (t.pixel_stride() % 8 == 0 && reinterpret_cast<std::uintptr_t>(t.data()) % 16 == 0);
  };
  require(is_aligned(c.input) && is_aligned(c.output) && is_aligned(c.mask),
          "a tensor without 16-byte alignment");
  require(c.mask.empty() || c.mask.shape() == to, "a mask of another shape");
  require(from.batch == to.batch && from.height == to.height && from.width == to.width,
          "a convolution that changes the size");
  RowArguments arguments{
      .work = {.images = static_cast<int>(to.batch),
               .height = static_cast<int>(to.height),
               .width = static_cast<int>(to.width)},
      .slices = static_cast<int>(to.channels / slice_channels(from.channels, to.channels)),
      .output_channels = static_cast<int>(to.channels),
      .input = elements<Element>(c.input),
      .output = elements<Element>(c.output),
      .mask = c.mask.empty() ? nullptr : elements<Element>(c.mask),
      .weight = static_cast<const Element*>(c.weight),
      .bias = static_cast<const Element*>(c.bias),
      .input_stride = c.input.pixel_stride(),
      .output_stride = c.output.pixel_stride(),
      .mask_stride = c.mask.empty() ? 0 : c.mask.pixel_stride(),
      .slope = negative_slope(c.activation)};
  if (c.backward)
    launch<true>(arguments, from.channels, multiprocessors, stream);
  else
    launch<false>(arguments, from.channels, multiprocessors, stream);
}

}  // namespace limpid::cuda
