#pragma once

#include <cstdint>
#include <span>

namespace limpid {

inline constexpr float largest_half = 65504.0f;

// IEEE 754 half precision, as bits, to float32: exact. NaN stays NaN. Spans of equal length.
void half_to_float(std::span<const std::uint16_t> halves, std::span<float> values);

// Rounds to nearest, ties to even; beyond the largest half comes infinity.
void float_to_half(std::span<const float> values, std::span<std::uint16_t> halves);

// The same without special instructions, for processors that lack them.
void half_to_float_portable(std::span<const std::uint16_t> halves, std::span<float> values);
void float_to_half_portable(std::span<const float> values, std::span<std::uint16_t> halves);

}  // namespace limpid
