#pragma once

#include "core/backend/cuda/hopper/wgmma_layout.h"

#include <cstdint>

// Where hopper_upsampling.cu keeps pixels and weights in shared memory, and what its threads then
// hold, so that the same arithmetic is checked on the CPU.
//
// Matrix instructions leave a thread (q = lane % 4) two neighbouring columns, 2 q and the next, of
// each of four neighbouring products of 8. Within each 32 columns of the weights the columns
// 8 q + 2 t and the next therefore take the place 8 t + 2 q: so the thread has 8 neighbouring ones.
namespace limpid::cuda::hopper_upsampling_layout {

inline constexpr int tile_rows = 128;     // pixels, of two warpgroups
inline constexpr int tile_columns = 128;  // of the weights
inline constexpr int chunk = 64;          // inputs of a step
inline constexpr int warpgroup_threads = 128;
inline constexpr int threads = tile_rows / wgmma::rows * warpgroup_threads;
inline constexpr int products = chunk / wgmma::depth;  // of a step
inline constexpr int sums = tile_columns / 2;          // of a thread

// The inputs of a step fill a row of 128 bytes for each pixel, swizzled.
inline constexpr int pixel_bytes = 2 * chunk;
inline constexpr int slot_bytes = tile_rows * pixel_bytes;
inline constexpr wgmma::CoreStrides pixel_strides{.along_k_bytes = 16,
                                                  .along_mn_bytes = 8 * pixel_bytes};
// Core matrices of 8 inputs x 8 columns: the columns' follow one another, then those of the next 8
// inputs.
inline constexpr wgmma::CoreStrides weight_strides{
    .along_k_bytes = tile_columns / 8 * wgmma::core_bytes, .along_mn_bytes = wgmma::core_bytes};

LIMPID_HOST_DEVICE constexpr int weight_bytes(int inputs) {
  return inputs * tile_columns * 2;
}

// Of 8 neighbouring inputs of a pixel, from the beginning of the slot.
LIMPID_HOST_DEVICE constexpr std::uint32_t pixel_offset(int row, int piece) {
  return wgmma::swizzled(static_cast<std::uint32_t>(row * pixel_bytes + piece * 16),
                         wgmma::Swizzle::bytes_128);
}

// Of the columns 32 * group + 8 * q + 2 * t and the next of an input.
LIMPID_HOST_DEVICE constexpr std::uint32_t weight_offset(int input, int group, int q, int t) {
  return static_cast<std::uint32_t>(input / 8) * weight_strides.along_k_bytes +
         static_cast<std::uint32_t>(4 * group + t) * weight_strides.along_mn_bytes +
         static_cast<std::uint32_t>(input % 8 * wgmma::core_row_bytes + q * 4);
}

// Operands of a warpgroup's product number `product` of a step.
LIMPID_HOST_DEVICE constexpr std::uint64_t pixel_matrix(std::uint32_t slot_address,
                                                        int warpgroup,
                                                        int product) {
  const int rows_before = warpgroup * wgmma::rows;
  return wgmma::descriptor(slot_address + static_cast<std::uint32_t>(rows_before * pixel_bytes +
                                                                     product * 2 * wgmma::depth),
                           pixel_strides,
                           wgmma::Swizzle::bytes_128);
}
LIMPID_HOST_DEVICE constexpr std::uint64_t weight_matrix(std::uint32_t address,
                                                         int step,
                                                         int product) {
  const auto k_blocks = static_cast<std::uint32_t>((step * products + product) * 2);
  return wgmma::descriptor(address + k_blocks * weight_strides.along_k_bytes, weight_strides);
}

// Of a thread of a warpgroup: its first pixel, the other is 8 later, and the first of 8 columns of
// a group of 32.
LIMPID_HOST_DEVICE constexpr int first_row(int thread) {
  return thread / 32 * 16 + thread % 32 / 4;
}
LIMPID_HOST_DEVICE constexpr int first_column(int thread, int group) {
  return 32 * group + thread % 4 * 8;
}
// Which of its sums are columns 2 * t and the next of these, for the pixel number `half`.
LIMPID_HOST_DEVICE constexpr int first_sum(int group, int half, int t) {
  return 4 * (4 * group + t) + 2 * half;
}

}  // namespace limpid::cuda::hopper_upsampling_layout
