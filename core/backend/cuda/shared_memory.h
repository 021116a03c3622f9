#pragma once

namespace limpid::cuda {

// What the system takes for each block besides what the block asks for.
inline constexpr int reserved_shared_bytes = 1024;

// The most shared memory that a block may ask for on a GPU of this compute capability (90 for 9.0);
// with what is reserved it is all that a multiprocessor has (CUDA C++ programming guide, "Technical
// Specifications per Compute Capability"). GPUs that are not known yet count as the smallest.
constexpr int most_shared_bytes(int compute_capability) {
  switch (compute_capability) {
    case 75:
      return 64 * 1024;
    case 80:
    case 87:
      return 163 * 1024;
    case 90:
    case 100:
    case 103:
    case 110:
      return 227 * 1024;
    default:  // 8.6, 8.9, 12.0, 12.1
      return 99 * 1024;
  }
}

// How many blocks fit on a multiprocessor at once, as far as shared memory goes.
constexpr int blocks_by_shared_memory(int shared_bytes, int compute_capability) {
  return (most_shared_bytes(compute_capability) + reserved_shared_bytes) /
         (shared_bytes + reserved_shared_bytes);
}

}  // namespace limpid::cuda
