#include "core/backend/cuda/check.h"
#include "core/backend/cuda/hopper/row_map.h"
#include "core/backend/cuda/hopper/rows/row_convolution.h"
#include "core/backend/cuda/hopper/rows/row_worker.cuh"

#include <algorithm>

namespace limpid::cuda {
namespace {

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
            a.weight[((group * 8 + c) * 9 + 8 - tap) * a.weight_channels + first_output + output];
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

template <int input_channels, int output_channels, ConvolutionResult result>
__global__ void __launch_bounds__(RowBlock<input_channels, output_channels>::threads, 1)
    row_convolution_kernel(const __grid_constant__ RowArguments arguments) {
  using Block = RowBlock<input_channels, output_channels>;
  extern __shared__ __align__(1024) unsigned char shared[];
  const int first_output = static_cast<int>(blockIdx.x) % arguments.slices * output_channels;
  load_weights<Block, is_backward(result)>(arguments, first_output, shared);
  const auto weights = static_cast<std::uint32_t>(__cvta_generic_to_shared(shared));
  const std::uint32_t barriers = weights + Block::barriers_start;
  if (threadIdx.x < Block::warpgroups * Block::stages)
    init_row_barrier(barriers + Block::barrier_bytes * threadIdx.x);
  wgmma::fence_shared_writes();
  __syncthreads();

  // The shuffle tells the compiler that all threads of a warp agree.
  const int warpgroup =
      __shfl_sync(0xffffffffu, static_cast<int>(threadIdx.x) / warpgroup_threads, 0);
  RowWorker<Block, result> worker(arguments,
                                  weights,
                                  weights + Block::rings_start + warpgroup * Block::ring_bytes,
                                  barriers + warpgroup * Block::stages * Block::barrier_bytes,
                                  warpgroup,
                                  first_output);
  const int blocks = static_cast<int>(gridDim.x) / arguments.slices;
  const int block = static_cast<int>(blockIdx.x) / arguments.slices;
  for (int i = warpgroup * blocks + block; i < arguments.work.items();
       i += blocks * Block::warpgroups)
    worker.run(arguments.work.item(i));
}

template <int input_channels, int output_channels, ConvolutionResult result>
void launch(RowArguments arguments, int multiprocessors, cudaStream_t stream) {
  using Block = RowBlock<input_channels, output_channels>;
  const auto kernel = row_convolution_kernel<input_channels, output_channels, result>;
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

template <ConvolutionResult result>
void launch(const RowArguments& arguments,
            std::int64_t input_channels,
            int multiprocessors,
            cudaStream_t stream) {
  const bool is_wide = slice_channels(input_channels, arguments.output_channels) == 64;
  if (input_channels == 128)
    launch<128, 32, result>(arguments, multiprocessors, stream);
  else if (input_channels == 64 && is_wide)
    launch<64, 64, result>(arguments, multiprocessors, stream);
  else if (input_channels == 64)
    launch<64, 32, result>(arguments, multiprocessors, stream);
  else if (is_wide)
    launch<32, 64, result>(arguments, multiprocessors, stream);
  else
    launch<32, 32, result>(arguments, multiprocessors, stream);
}

}  // namespace

bool has_row_kernels(int compute_capability) {
  return compute_capability == 90;
}

bool can_convolve_rows(int compute_capability,
                       std::int64_t input_channels,
                       std::int64_t output_channels) {
  const bool has_input = input_channels == 32 || input_channels == 64 || input_channels == 128;
  return has_row_kernels(compute_capability) && has_input && output_channels % 32 == 0 &&
         output_channels <= 128;
}

bool can_keep_signs(std::int64_t input_channels) {
  return input_channels == 32 || input_channels == 64;  // as in RowLayout
}

void convolve_rows(const HopperConvolution& c, int multiprocessors, cudaStream_t stream) {
  const Shape& from = c.input.shape();
  const Shape& to = c.output.shape();
  check_tensors(c);
  require(c.backward || c.signs == nullptr || can_keep_signs(from.channels),
          "signs of {} channels",
          from.channels);
  RowArguments arguments{
      .work = {.images = static_cast<int>(to.batch),
               .height = static_cast<int>(to.height),
               .width = static_cast<int>(to.width)},
      .slices = static_cast<int>(to.channels / slice_channels(from.channels, to.channels)),
      .output_channels = static_cast<int>(to.channels),
      .input = row_map(c.input),
      .output = elements<Element>(c.output),
      .pooled = c.pooled.empty() ? nullptr : elements<Element>(c.pooled),
      .pool_codes = c.pool_codes,
      .signs = c.signs,
      .mask = c.mask.empty() ? nullptr : elements<Element>(c.mask),
      .weight = static_cast<const Element*>(c.weight) + c.first_weight_channel,
      .weight_channels = static_cast<int>(c.weight_channels > 0 ? c.weight_channels : to.channels),
      .bias = static_cast<const Element*>(c.bias),
      .output_stride = c.output.pixel_stride(),
      .mask_stride = c.mask.empty() ? 0 : c.mask.pixel_stride(),
      .slope = negative_slope(c.activation)};
  if (c.backward && !c.pooled.empty())
    launch<ConvolutionResult::joined_gradient>(arguments, from.channels, multiprocessors, stream);
  else if (c.backward)
    launch<ConvolutionResult::gradient>(arguments, from.channels, multiprocessors, stream);
  else if (!c.pooled.empty())
    launch<ConvolutionResult::output_and_pooled>(arguments, from.channels, multiprocessors, stream);
  else
    launch<ConvolutionResult::output>(arguments, from.channels, multiprocessors, stream);
}

}  // namespace limpid::cuda
