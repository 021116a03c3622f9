#pragma once

#include "core/backend/cuda/device_vector.cuh"

#include <cstdint>

// The second half of a sum over pixels: blocks of a first kernel have left one row of sums each,
// and these rows are added, in an order that depends on their number alone.
namespace limpid::cuda {

inline constexpr int partial_columns = 32;
inline constexpr int partial_lanes = 8;
inline constexpr int partial_block_size = partial_columns * partial_lanes;

inline int partial_grid(int size) {
  return (size + partial_columns - 1) / partial_columns;
}

// write(i, sum of rows[row][i]) for i < size. For blocks of partial_block_size threads, each taking
// 32 columns: 8 lanes of threads take every eighth row.
template <class Write>
__device__ void add_rows(const float* rows, int row_count, int size, Write&& write) {
  __shared__ float sums[partial_lanes][partial_columns];
  const int column = static_cast<int>(threadIdx.x) % partial_columns;
  const int lane = static_cast<int>(threadIdx.x) / partial_columns;
  const int i = static_cast<int>(blockIdx.x) * partial_columns + column;
  float sum = 0.0f;
  if (i < size) {
#pragma unroll 8
    for (int row = lane; row < row_count; row += partial_lanes)
      sum += rows[static_cast<std::int64_t>(row) * size + i];
  }
  sums[lane][column] = sum;
  __syncthreads();
  if (lane != 0 || i >= size)
    return;
  for (int l = 1; l < partial_lanes; ++l)
    sum += sums[l][column];
  write(i, sum);
}

// result[i] = sum of rows[row][i].
template <class T>
__global__ void sum_rows_kernel(const float* rows, int row_count, int size, T* result) {
  add_rows(rows, row_count, size, [&](int i, float sum) { from_float(sum, result[i]); });
}

}  // namespace limpid::cuda
