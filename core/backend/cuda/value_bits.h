#pragma once

#include "core/base/host_device.h"

#include <cstdint>

// Bits that a forward pass keeps of its results, so that the backward pass need not read the values
// again. Kernels make and use them with masks: a word holds two channels of bfloat16, and a mask
// has all bits of a half set where something is true of that channel.
namespace limpid::cuda {

// Eight neighbouring channels of a pixel: bit c is set where channel c is positive.
using SignByte = std::uint8_t;

// From the masks of the channels' four words, and back.
LIMPID_HOST_DEVICE constexpr SignByte sign_byte(const std::uint32_t (&positive)[4]) {
  std::uint32_t bits = 0;
  for (int i = 0; i < 4; ++i)
    bits |= (positive[i] & 0x00020001u) << 2 * i;
  return static_cast<SignByte>(bits | bits >> 16);
}
LIMPID_HOST_DEVICE constexpr std::uint32_t positive_mask(SignByte signs, int word) {
  const std::uint32_t bits = std::uint32_t{signs} >> 2 * word;
  return (bits & 1u) * 0xffffu | (bits >> 1 & 1u) * 0xffff0000u;
}

// All that the derivatives of an activation and of a 2x2 maximum behind it need to know of four
// values: bit q is set where value q = 2 * row + column is positive, and the bits from
// `pool_code_maximum_bit` on are the q of the maximum, the first of equal ones.
using PoolCode = std::uint8_t;

inline constexpr int pool_code_maximum_bit = 4;

LIMPID_HOST_DEVICE constexpr bool is_positive(PoolCode code, int q) {
  return (code >> q & 1) != 0;
}
LIMPID_HOST_DEVICE constexpr int maximum_of(PoolCode code) {
  return code >> pool_code_maximum_bit;
}

LIMPID_HOST_DEVICE constexpr std::uint32_t every_byte(std::uint32_t bits) {
  return bits * 0x01010101u;
}

// Masks of channels 2 * pair and 2 * pair + 1 of four channels' codes, for value q.
LIMPID_HOST_DEVICE constexpr std::uint32_t pair_mask(std::uint32_t low_bits, int pair) {
  const std::uint32_t bits = low_bits >> 16 * pair;
  return (bits & 1u) * 0xffffu | (bits >> 8 & 1u) * 0xffff0000u;
}
LIMPID_HOST_DEVICE constexpr std::uint32_t positive_mask(std::uint32_t codes, int pair, int q) {
  return pair_mask(codes >> q, pair);
}
LIMPID_HOST_DEVICE constexpr std::uint32_t maximum_mask(std::uint32_t codes, int pair, int q) {
  const std::uint32_t other =
      (codes >> pool_code_maximum_bit) ^ every_byte(static_cast<std::uint32_t>(q));
  return pair_mask(~(other | other >> 1), pair);
}

// What is true of the two pixels of a row.
struct PairMasks {
  std::uint32_t left_positive;
  std::uint32_t right_positive;
  std::uint32_t right_larger;
};
// Four channels of a row of two pixels, in the order 0, 2, 1, 3: a byte as the code of the upper
// row, in which the q of the maximum is that of the row alone.
LIMPID_HOST_DEVICE constexpr std::uint32_t row_codes(const PairMasks& word0,
                                                     const PairMasks& word1) {
  const auto in_low_bytes = [](const PairMasks& m) {
    return (m.left_positive & 0x00010001u) | (m.right_positive & 0x00020002u) |
           (m.right_larger & 0x00010001u << pool_code_maximum_bit);
  };
  return in_low_bytes(word0) | in_low_bytes(word1) << 8;
}

// The codes of both rows together, in the order of the channels.
LIMPID_HOST_DEVICE constexpr std::uint32_t pool_codes(std::uint32_t above,
                                                      std::uint32_t below,
                                                      std::uint32_t below_larger0,
                                                      std::uint32_t below_larger1) {
  constexpr std::uint32_t signs = every_byte(3);
  constexpr std::uint32_t column = every_byte(1u << pool_code_maximum_bit);
  const std::uint32_t is_below = (below_larger0 & 0x00ff00ffu) | (below_larger1 & 0xff00ff00u);
  const std::uint32_t codes = (above & signs) | (below & signs) << 2 |
                              (((below & is_below) | (above & ~is_below)) & column) |
                              (is_below & column << 1);
  return (codes & 0xff0000ffu) | (codes & 0x0000ff00u) << 8 | (codes >> 8 & 0x0000ff00u);
}

}  // namespace limpid::cuda
