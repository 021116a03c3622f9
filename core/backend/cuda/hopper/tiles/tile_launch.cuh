#pragma once

#include "core/backend/cuda/check.h"
#include "core/backend/cuda/convolution/partial_sums.cuh"
#include "core/backend/cuda/device_vector.cuh"
#include "core/backend/cuda/hopper/tiles/tile_worker.cuh"

#include <cuda_bf16.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

// The kernels of the weight gradients by tiles: blocks that leave their sums, and the sum of these
// in a fixed order, so that results are equal from run to run.
namespace limpid::cuda {

// Each block has one slice of the channels of either side.
struct TileSlices {
  int inputs;   // slices of the input channels
  int outputs;  // slices of the output channels
  int blocks;   // for each pair of slices

  int pairs() const { return inputs * outputs; }
};

template <class Tile>
TileSlices divide_channels(std::int64_t inputs, std::int64_t outputs, int multiprocessors) {
  TileSlices s{static_cast<int>(inputs) / Tile::input_channels,
               static_cast<int>(outputs) / Tile::output_channels,
               1};
  s.blocks = std::max(1, multiprocessors / s.pairs());
  return s;
}

template <class Tile>
std::size_t tile_workspace(const TileSlices& slices) {
  return static_cast<std::size_t>(slices.pairs()) * static_cast<std::size_t>(slices.blocks) *
         Tile::Block::sums * sizeof(float);
}

// `Loader` holds the tensors and how many tiles they have, and starts the copies of a tile's slice.
template <class Loader>
struct TileArguments {
  Loader loader;
  TileSlices slices;
  float* partial;  // [input slice, output slice][block][Tile::Block::sums]
};

template <class Tile, class Loader>
__global__ void __launch_bounds__(Tile::Block::threads, 1)
    tile_kernel(const __grid_constant__ TileArguments<Loader> arguments) {
  extern __shared__ __align__(Tile::Block::alignment) unsigned char memory[];
  const TileSlices& s = arguments.slices;
  // Blocks that read the same pixels are neighbours.
  const int output_slice = static_cast<int>(blockIdx.x) % s.outputs;
  const int input_slice = static_cast<int>(blockIdx.x) / s.outputs % s.inputs;
  const int block = static_cast<int>(blockIdx.x) / s.outputs / s.inputs;
  const std::int64_t row = (input_slice * s.outputs + output_slice) * s.blocks + block;
  run_tile_block<Tile>(memory,
                       {block, s.blocks, arguments.loader.tiles()},
                       input_slice == 0,
                       arguments.partial + row * Tile::Block::sums,
                       [&](int tile, std::uint32_t to, std::uint32_t barrier) {
                         arguments.loader.template load<Tile>(tile,
                                                              input_slice * Tile::input_channels,
                                                              output_slice * Tile::output_channels,
                                                              to,
                                                              barrier);
                       });
}

// blockIdx.y and blockIdx.z are the slices of outputs and inputs.
template <class Tile, int lanes>
__global__ void __launch_bounds__(partial_block_size)
    finish_tile_kernel(const float* partial,
                       int blocks,
                       __nv_bfloat16* weight_gradient,
                       __nv_bfloat16* bias_gradient) {
  const int first_output = static_cast<int>(blockIdx.y) * Tile::output_channels;
  const int first_input = static_cast<int>(blockIdx.z) * Tile::input_channels;
  const int outputs = static_cast<int>(gridDim.y) * Tile::output_channels;
  const int inputs = static_cast<int>(gridDim.z) * Tile::input_channels;
  const std::int64_t slice = blockIdx.z * gridDim.y + blockIdx.y;
  add_rows<lanes>(partial + slice * blocks * Tile::Block::sums,
                  blocks,
                  Tile::Block::sums,
                  [&](int i, float sum) {
                    if (i >= Tile::Block::weight_sums) {
                      if (first_input == 0)
                        from_float(sum, bias_gradient[first_output + i - Tile::Block::weight_sums]);
                      return;
                    }
                    typename Tile::Weight weight = Tile::weight_of_sum(i);
                    if (!weight.counts)
                      return;
                    weight.input += first_input;
                    weight.output += first_output;
                    from_float(sum, weight_gradient[Tile::weight_index(weight, inputs, outputs)]);
                  });
}

// `lanes` as in add_rows().
template <class Tile, int lanes>
void finish_tiles(const float* partial,
                  const TileSlices& slices,
                  void* weight_gradient,
                  void* bias_gradient,
                  cudaStream_t stream) {
  const dim3 grid(static_cast<unsigned>(partial_grid(Tile::Block::sums, lanes)),
                  static_cast<unsigned>(slices.outputs),
                  static_cast<unsigned>(slices.inputs));
  finish_tile_kernel<Tile, lanes>
      <<<grid, partial_block_size, 0, stream>>>(partial,
                                                slices.blocks,
                                                static_cast<__nv_bfloat16*>(weight_gradient),
                                                static_cast<__nv_bfloat16*>(bias_gradient));
  LIMPID_CUDA_LAUNCH();
}

template <class Tile, class Loader>
void launch_tiles(const TileArguments<Loader>& arguments,
                  void* weight_gradient,
                  void* bias_gradient,
                  cudaStream_t stream) {
  const TileSlices& s = arguments.slices;
  const auto kernel = tile_kernel<Tile, Loader>;
  LIMPID_CUDA(cudaFuncSetAttribute(
      kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, Tile::Block::shared_bytes));
  kernel<<<static_cast<unsigned>(s.pairs() * s.blocks),
           Tile::Block::threads,
           Tile::Block::shared_bytes,
           stream>>>(arguments);
  LIMPID_CUDA_LAUNCH();
  if (s.blocks >= 2 * partial_lanes)
    finish_tiles<Tile, partial_lanes>(arguments.partial, s, weight_gradient, bias_gradient, stream);
  else
    finish_tiles<Tile, 1>(arguments.partial, s, weight_gradient, bias_gradient, stream);
}

}  // namespace limpid::cuda
