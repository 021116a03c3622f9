#include "core/backend/cuda/check.h"
#include "core/backend/cuda/device_copy.h"

#include <algorithm>

namespace limpid::cuda {
namespace {

constexpr int block_size = 256;
constexpr int unroll = 4;  // loads of a thread in flight

// Each block `unroll` times block_size neighbours, and what is left over.
__global__ void copy_words_kernel(const uint4* __restrict__ from,
                                  uint4* __restrict__ to,
                                  std::int64_t count,
                                  const unsigned char* rest_from,
                                  unsigned char* rest_to,
                                  int rest) {
  const std::int64_t first =
      blockIdx.x * static_cast<std::int64_t>(unroll * block_size) + threadIdx.x;
  uint4 words[unroll];
#pragma unroll
  for (int i = 0; i < unroll; ++i)
    if (first + i * block_size < count)
      words[i] = from[first + i * block_size];
#pragma unroll
  for (int i = 0; i < unroll; ++i)
    if (first + i * block_size < count)
      to[first + i * block_size] = words[i];
  if (blockIdx.x == 0 && static_cast<int>(threadIdx.x) < rest)
    rest_to[threadIdx.x] = rest_from[threadIdx.x];
}

// Blocks (columns, rows).
__global__ void copy_rows_kernel(StridedRows from,
                                 StridedRows to,
                                 std::int64_t width,
                                 std::int64_t height) {
  const std::int64_t first =
      blockIdx.x * static_cast<std::int64_t>(unroll * block_size) + threadIdx.x;
  for (std::int64_t y = blockIdx.y; y < height; y += gridDim.y) {
    float values[unroll];
#pragma unroll
    for (int i = 0; i < unroll; ++i)
      if (first + i * block_size < width)
        values[i] = from.pixels[y * from.stride + first + i * block_size];
#pragma unroll
    for (int i = 0; i < unroll; ++i)
      if (first + i * block_size < width)
        to.pixels[y * to.stride + first + i * block_size] = values[i];
  }
}

bool is_aligned(const void* address) {
  return reinterpret_cast<std::uintptr_t>(address) % sizeof(uint4) == 0;
}

}  // namespace

void copy_bytes(const void* from, void* to, std::size_t size_bytes, cudaStream_t stream) {
  if (!is_aligned(from) || !is_aligned(to)) {
    LIMPID_CUDA(cudaMemcpyAsync(to, from, size_bytes, cudaMemcpyDeviceToDevice, stream));
    return;
  }
  const auto count = static_cast<std::int64_t>(size_bytes / sizeof(uint4));
  const std::int64_t blocks = (count + unroll * block_size - 1) / (unroll * block_size);
  const auto rest = static_cast<int>(size_bytes % sizeof(uint4));
  copy_words_kernel<<<static_cast<unsigned>(std::max<std::int64_t>(blocks, 1)),
                      block_size,
                      0,
                      stream>>>(static_cast<const uint4*>(from),
                                static_cast<uint4*>(to),
                                count,
                                static_cast<const unsigned char*>(from) + size_bytes - rest,
                                static_cast<unsigned char*>(to) + size_bytes - rest,
                                rest);
  LIMPID_CUDA_LAUNCH();
}

void copy_rows(const StridedRows& from,
               const StridedRows& to,
               std::int64_t width,
               std::int64_t height,
               cudaStream_t stream) {
  constexpr std::int64_t most_rows = 65535;  // of a grid
  const dim3 grid(static_cast<unsigned>((width + unroll * block_size - 1) / (unroll * block_size)),
                  static_cast<unsigned>(std::min(height, most_rows)));
  copy_rows_kernel<<<grid, block_size, 0, stream>>>(from, to, width, height);
  LIMPID_CUDA_LAUNCH();
}

}  // namespace limpid::cuda
