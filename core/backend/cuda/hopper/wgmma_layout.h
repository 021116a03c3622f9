#pragma once

#include "core/base/host_device.h"

#include <cstdint>

// How Hopper's warpgroup matrix instructions (wgmma) find and leave their numbers, apart from the
// instructions themselves, so that the same arithmetic is checked on the CPU. PTX ISA,
// "Asynchronous warpgroup level matrix shared memory layout".
//
// Operands of 2-byte elements lie in shared memory, without swizzling, as core matrices of 8 x 16
// bytes that follow one another, 128 bytes in all. An operand's rows are the m of A (pixels) or the
// n of B (output channels). Either each 16 bytes hold 8 neighbouring k of one row, and 8 rows
// follow one another, or each 16 bytes hold 8 neighbouring rows of one k, and 8 k follow one
// another. The core matrices may lie anywhere; two distances say where the next ones are.
//
// With swizzling, a row's k are neighbours in 64 or 128 bytes, and rows follow one another; or 32
// or 64 rows of one k are neighbours, and k follow one another. So that eight of the same 16 bytes
// lie in different banks, bits of the address are changed by higher bits. The address is that in
// shared memory: an operand may start at any row, or at any k, and further rows may lie anywhere.
namespace limpid::cuda::wgmma {

inline constexpr int rows = 64;            // m of every instruction
inline constexpr int depth = 16;           // k of every instruction on 2-byte elements
inline constexpr int core_row_bytes = 16;  // of one row of a core matrix
inline constexpr int core_bytes = 8 * core_row_bytes;

// Which index of an operand is contiguous.
enum class Contiguous : int { k = 0, row = 1 };

// Distances between core matrices, multiples of 16 bytes.
struct CoreStrides {
  std::uint32_t along_k_bytes;   // to the next 8 k: the "leading dimension byte offset"
  std::uint32_t along_mn_bytes;  // to the next 8 rows: the "stride dimension byte offset"
};

// As the descriptor numbers them.
enum class Swizzle : int { none = 0, bytes_128 = 1, bytes_64 = 2 };

LIMPID_HOST_DEVICE constexpr std::uint32_t swizzled(std::uint32_t address_bytes, Swizzle swizzle) {
  const std::uint32_t changed = swizzle == Swizzle::none       ? 0u
                                : swizzle == Swizzle::bytes_64 ? 0x30u
                                                               : 0x70u;
  return address_bytes ^ (address_bytes >> 3 & changed);
}

// The matrix descriptor of an operand. Adding `bytes / 16` to a descriptor moves its start by that
// many bytes, before swizzling. Swizzled operands have no distance along k.
LIMPID_HOST_DEVICE constexpr std::uint64_t descriptor(std::uint32_t address_bytes,
                                                      CoreStrides strides,
                                                      Swizzle swizzle = Swizzle::none) {
  const auto field = [](std::uint32_t bytes) -> std::uint64_t { return (bytes & 0x3ffffu) >> 4; };
  return field(address_bytes) | field(strides.along_k_bytes) << 16 |
         field(strides.along_mn_bytes) << 32 | static_cast<std::uint64_t>(swizzle) << 62;
}

// The same for a swizzled operand with contiguous rows, whose distances are those to the next 8 k
// and to the next 32 or 64 rows; their fields change places.
LIMPID_HOST_DEVICE constexpr std::uint64_t descriptor_of_rows(std::uint32_t address_bytes,
                                                              CoreStrides strides,
                                                              Swizzle swizzle) {
  return descriptor(address_bytes, {strides.along_mn_bytes, strides.along_k_bytes}, swizzle);
}

// Where element (row, k) of the operand lies, in bytes: what the hardware does with a descriptor.
LIMPID_HOST_DEVICE constexpr std::uint32_t element_address_bytes(std::uint64_t descriptor,
                                                                 int row,
                                                                 int k,
                                                                 Contiguous order = Contiguous::k) {
  const auto field = [&](int shift) {
    return static_cast<std::uint32_t>(descriptor >> shift & 0x3fffu) << 4;
  };
  const int slow = order == Contiguous::k ? row : k;
  const int fast = order == Contiguous::k ? k : row;
  const auto swizzle = static_cast<Swizzle>(descriptor >> 62);
  if (swizzle != Swizzle::none) {
    const int line_bytes = swizzle == Swizzle::bytes_64 ? 64 : 128;
    const int along_line = order == Contiguous::k ? 0 : fast / (line_bytes / 2);
    return swizzled(field(0) + field(16) * static_cast<std::uint32_t>(along_line) +
                        field(32) * static_cast<std::uint32_t>(slow / 8) +
                        static_cast<std::uint32_t>(slow % 8 * line_bytes +
                                                   (2 * fast - along_line * line_bytes)),
                    swizzle);
  }
  return field(0) + field(16) * static_cast<std::uint32_t>(k / 8) +
         field(32) * static_cast<std::uint32_t>(row / 8) +
         static_cast<std::uint32_t>(slow % 8 * core_row_bytes + fast % 8 * 2);
}

// Register `index` of thread `thread` of the warpgroup holds the accumulator at this place.
struct Place {
  int row;
  int column;
};
LIMPID_HOST_DEVICE constexpr Place accumulator_place(int thread, int index) {
  const int lane = thread % 32;
  return {thread / 32 * 16 + lane / 4 + index / 2 % 2 * 8,
          index / 4 * 8 + lane % 4 * 2 + index % 2};
}

}  // namespace limpid::cuda::wgmma
