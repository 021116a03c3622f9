#pragma once

#include "core/backend/cuda/device_vector.cuh"

#include <cstdint>

// The second half of a sum over pixels: blocks of a first kernel have left one row of sums each,
// and these rows are added, in an order that depends on their number alone.
namespace limpid::cuda {

inline constexpr int partial_block_size = 256;
inline constexpr int partial_lanes = 8;  // unless there are few rows

inline int partial_grid(int size, int lanes = partial_lanes) {
  const int columns = partial_block_size / lanes;
  return (size + columns - 1) / columns;
}

// write(i, sum of rows[row][i]) for i < size. For blocks of partial_block_size threads, each taking
// partial_block_size / lanes columns: so many lanes of threads take every lanes-th row.
template <int lanes = partial_lanes, class Write>
__device__ void add_rows(const float* rows, int row_count, int size, Write&& write) {
  constexpr int columns = partial_block_size / lanes;
  __shared__ float sums[lanes][columns];
  const int column = static_cast<int>(threadIdx.x) % columns;
  const int lane = static_cast<int>(threadIdx.x) / columns;
  const int i = static_cast<int>(blockIdx.x) * columns + column;
  float sum = 0.0f;
  if (i < size) {
#pragma unroll 8
    for (int row = lane; row < row_count; row += lanes)
      sum += rows[static_cast<std::int64_t>(row) * size + i];
  }
  if constexpr (lanes > 1) {
    sums[lane][column] = sum;
    __syncthreads();
    if (lane == 0)
      for (int l = 1; l < lanes; ++l)
        sum += sums[l][column];
  }
  if (lane == 0 && i < size)
    write(i, sum);
}

// result[i] = sum of rows[row][i].
template <class T>
__global__ void sum_rows_kernel(const float* rows, int row_count, int size, T* result) {
  add_rows(rows, row_count, size, [&](int i, float sum) { from_float(sum, result[i]); });
}

}  // namespace limpid::cuda
