#pragma once

#include <cuda.h>

#include <cstdint>

// Rows of images brought to shared memory by Hopper's tensor memory accelerator: one thread asks
// for a row, and a barrier in shared memory tells when all its bytes have come. What lies outside
// the image is zero. For files compiled for sm_90a alone.
namespace limpid::cuda {

// One thread's arrival, which announces the bytes, completes a phase together with the bytes.
// Follow by wgmma::fence_shared_writes() and a barrier of the block.
__device__ inline void init_row_barrier(std::uint32_t barrier) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], 1;" ::"r"(barrier) : "memory");
}

// Until the phase of this parity, 0 for the first, is complete.
__device__ inline void wait_for_row(std::uint32_t barrier, unsigned parity) {
  asm volatile(
      "{\n"
      ".reg .pred complete;\n"
      "again:\n"
      "mbarrier.try_wait.parity.shared::cta.b64 complete, [%0], %1;\n"
      "@!complete bra again;\n"
      "}" ::"r"(barrier),
      "r"(parity)
      : "memory");
}

// The first pixel of a row; may lie outside the image.
struct RowPlace {
  int x;
  int y;
  int image;
};

// By one thread, with the map of row_map.h for this layout. `to` and `barrier` are addresses in
// shared memory.
template <class Layout>
__device__ void start_row_copy(std::uint32_t to,
                               const CUtensorMap& map,
                               std::uint32_t barrier,
                               const RowPlace& from) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(barrier),
               "n"(Layout::row_bytes)
               : "memory");
  if constexpr (Layout::has_planes)
    asm volatile(
        "cp.async.bulk.tensor.5d.shared::cluster.global.tile.mbarrier::complete_tx::bytes"
        " [%0], [%1, {%3, %4, %3, %5, %6}], [%2];" ::"r"(to),
        "l"(&map),
        "r"(barrier),
        "r"(0),
        "r"(from.x),
        "r"(from.y),
        "r"(from.image)
        : "memory");
  else
    asm volatile(
        "cp.async.bulk.tensor.4d.shared::cluster.global.tile.mbarrier::complete_tx::bytes"
        " [%0], [%1, {%3, %4, %5, %6}], [%2];" ::"r"(to),
        "l"(&map),
        "r"(barrier),
        "r"(0),
        "r"(from.x),
        "r"(from.y),
        "r"(from.image)
        : "memory");
}

}  // namespace limpid::cuda
