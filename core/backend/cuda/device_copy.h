#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>

// Copies within the memory of a GPU by kernels of our own: as fast as networks can read and write,
// and beside copies from and to the host, which have the copy engines for themselves.
namespace limpid::cuda {

void copy_bytes(const void* from, void* to, std::size_t size_bytes, cudaStream_t stream);

// `height` rows of `width` values, of which the next begins `stride` values later.
struct StridedRows {
  float* pixels;
  std::int64_t stride;
};
void copy_rows(const StridedRows& from,
               const StridedRows& to,
               std::int64_t width,
               std::int64_t height,
               cudaStream_t stream);

}  // namespace limpid::cuda
