#pragma once

#include <cuda.h>

#include <cstdint>

// Rows of images brought to shared memory by Hopper's tensor memory accelerator: one thread asks
// for a row, and a barrier in shared memory tells when all its bytes have come. What lies outside
// the image is zero. For files compiled for sm_90a alone.
namespace limpid::cuda {

// As many arrivals complete a phase, together with the bytes that one of them announces.
// Follow by wgmma::fence_shared_writes() and a barrier of the block.
__device__ inline void init_row_barrier(std::uint32_t barrier, int arrivals = 1) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(barrier), "r"(arrivals) : "memory");
}

__device__ inline void arrive(std::uint32_t barrier) {
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(barrier) : "memory");
}

// An arrival that announces bytes.
__device__ inline void expect_bytes(std::uint32_t barrier, int bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(barrier), "r"(bytes)
               : "memory");
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

// By one thread, with a map of box_map(): one box, whose bytes were announced to the barrier. `to`
// is a multiple of 128.
__device__ inline void start_box_copy(std::uint32_t to,
                                      const CUtensorMap& map,
                                      std::uint32_t barrier,
                                      int first_channel,
                                      const RowPlace& from) {
  asm volatile(
      "cp.async.bulk.tensor.4d.shared::cluster.global.tile.mbarrier::complete_tx::bytes"
      " [%0], [%1, {%3, %4, %5, %6}], [%2];" ::"r"(to),
      "l"(&map),
      "r"(barrier),
      "r"(first_channel),
      "r"(from.x),
      "r"(from.y),
      "r"(from.image)
      : "memory");
}

// The same of weight_map().
__device__ inline void start_weight_copy(std::uint32_t to,
                                         const CUtensorMap& map,
                                         std::uint32_t barrier,
                                         int first_input,
                                         int tap,
                                         int first_output) {
  asm volatile(
      "cp.async.bulk.tensor.3d.shared::cluster.global.tile.mbarrier::complete_tx::bytes"
      " [%0], [%1, {%3, %4, %5}], [%2];" ::"r"(to),
      "l"(&map),
      "r"(barrier),
      "r"(first_input),
      "r"(tap),
      "r"(first_output)
      : "memory");
}

// The same of a map of five dimensions.
__device__ inline void start_box_copy_5d(std::uint32_t to,
                                         const CUtensorMap& map,
                                         std::uint32_t barrier,
                                         const int (&first)[5]) {
  asm volatile(
      "cp.async.bulk.tensor.5d.shared::cluster.global.tile.mbarrier::complete_tx::bytes"
      " [%0], [%1, {%3, %4, %5, %6, %7}], [%2];" ::"r"(to),
      "l"(&map),
      "r"(barrier),
      "r"(first[0]),
      "r"(first[1]),
      "r"(first[2]),
      "r"(first[3]),
      "r"(first[4])
      : "memory");
}

// By one thread, with the map of row_map.h for this layout. `to` and `barrier` are addresses in
// shared memory.
template <class Layout>
__device__ void start_row_copy(std::uint32_t to,
                               const CUtensorMap& map,
                               std::uint32_t barrier,
                               const RowPlace& from) {
  expect_bytes(barrier, Layout::row_bytes);
#pragma unroll
  for (int half = 0; half < Layout::halves; ++half)
    start_box_copy(to + static_cast<std::uint32_t>(half * Layout::half_bytes),
                   map,
                   barrier,
                   half * Layout::half_channels,
                   from);
}

}  // namespace limpid::cuda
