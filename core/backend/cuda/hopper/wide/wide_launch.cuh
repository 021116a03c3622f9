#pragma once

#include "core/backend/cuda/check.h"
#include "core/backend/cuda/hopper/wide/wide_worker.cuh"

#include <algorithm>

// How the products of many channels are started.
namespace limpid::cuda {

template <class Tile, class Loader>
__global__ void __launch_bounds__(Tile::threads, 1)
    wide_kernel(const __grid_constant__ WideArguments<Loader> arguments) {
  extern __shared__ __align__(Tile::alignment) unsigned char shared[];
  run_wide_block<Tile>(arguments, shared);
}

template <class Tile, class Loader>
void launch_wide(const WideArguments<Loader>& arguments, int multiprocessors, cudaStream_t stream) {
  const auto kernel = wide_kernel<Tile, Loader>;
  LIMPID_CUDA(cudaFuncSetAttribute(
      kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, Tile::shared_bytes));
  const int blocks = std::min(multiprocessors, arguments.work.items());
  kernel<<<static_cast<unsigned>(blocks), Tile::threads, Tile::shared_bytes, stream>>>(arguments);
  LIMPID_CUDA_LAUNCH();
}

// Whether tiles of two blocks a warpgroup are faster than of one. Small tiles keep more
// multiprocessors busy, and read the weights twice as often.
inline bool large_is_faster(const WideWork& large, const WideWork& small, int multiprocessors) {
  constexpr int large_cost = 7;  // beside 4 of a small one
  constexpr int small_cost = 4;
  const auto turns = [&](const WideWork& work) {
    return (work.items() + multiprocessors - 1) / multiprocessors;
  };
  return large_cost * turns(large) <= small_cost * turns(small);
}

}  // namespace limpid::cuda
