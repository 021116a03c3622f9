#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

namespace limpid {

static_assert(std::endian::native == std::endian::little,
              "file formats are read and written as little-endian memory images");

// A number of type T stored at `bytes` in the given order.
template <class T>
T load(const std::byte* bytes, bool is_big_endian = false) {
  std::array<std::byte, sizeof(T)> raw;
  std::memcpy(raw.data(), bytes, sizeof(T));
  if (is_big_endian)
    std::reverse(raw.begin(), raw.end());
  return std::bit_cast<T>(raw);
}

// Stores a number in little-endian order.
template <class T>
void store(std::byte* bytes, T value) {
  std::memcpy(bytes, &value, sizeof(T));
}

}  // namespace limpid
