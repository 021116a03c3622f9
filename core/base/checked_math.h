#pragma once

#include "core/base/error.h"

#include <cstdint>

namespace limpid {

// Products of sizes read from files. Wrapping would turn a hostile header into a small allocation.
inline std::uint64_t checked_multiply(std::uint64_t a, std::uint64_t b) {
  std::uint64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product))
    fail(ErrorKind::input, "a size of {} x {} is beyond 64 bits", a, b);
  return product;
}

inline std::uint64_t checked_add(std::uint64_t a, std::uint64_t b) {
  std::uint64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum))
    fail(ErrorKind::input, "a size of {} + {} is beyond 64 bits", a, b);
  return sum;
}

constexpr std::int64_t round_up(std::int64_t value, std::int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

}  // namespace limpid
