#pragma once

namespace limpid::cuda {

// The sum over a block of `Threads` threads, a power of two, in a fixed order; every thread calls
// it, thread 0 gets the result.
template <int Threads>
__device__ double block_sum(double value) {
  __shared__ double sums[Threads];
  sums[threadIdx.x] = value;
  __syncthreads();
  for (int width = Threads / 2; width > 0; width /= 2) {
    if (static_cast<int>(threadIdx.x) < width)
      sums[threadIdx.x] += sums[threadIdx.x + width];
    __syncthreads();
  }
  return sums[0];
}

}  // namespace limpid::cuda
