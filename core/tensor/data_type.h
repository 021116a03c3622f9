#pragma once

#include "core/base/host_device.h"

#include <bit>
#include <cstddef>
#include <cstdint>

namespace limpid {

enum class DataType : std::uint8_t { float32, bfloat16 };

constexpr std::size_t size_bytes(DataType type) {
  return type == DataType::float32 ? 4 : 2;
}
constexpr const char* name(DataType type) {
  return type == DataType::float32 ? "float32" : "bfloat16";
}

// bfloat16 as stored; float32 with the low 16 bits rounded away (nearest, ties to even). NaN stays
// NaN.
struct BFloat16 {
  std::uint16_t bits = 0;

  BFloat16() = default;
  explicit BFloat16(float value) {
    const std::uint32_t wide = std::bit_cast<std::uint32_t>(value);
    const bool is_nan = (wide & 0x7fffffffu) > 0x7f800000u;
    bits = is_nan ? static_cast<std::uint16_t>((wide >> 16) | 0x40u)
                  : static_cast<std::uint16_t>((wide + 0x7fffu + ((wide >> 16) & 1u)) >> 16);
  }
  explicit operator float() const {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
  }
};

}  // namespace limpid
