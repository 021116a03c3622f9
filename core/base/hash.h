#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace limpid {

// 64-bit hash of a byte sequence, to notice that content changed; no protection against forgery.
// XXH64 with seed 0, so that the command xxh64sum gives the same digits.
class ContentHash {
 public:
  void update(std::span<const std::byte> bytes);
  // Of all bytes so far; more may follow.
  std::uint64_t value() const;
  // 16 lower-case hexadecimal digits.
  std::string hex() const;

 private:
  static constexpr std::size_t stripe_bytes = 32;

  void consume_stripe(const std::byte* stripe);

  std::array<std::uint64_t, 4> lanes_ = initial_lanes();
  std::array<std::byte, stripe_bytes> pending_{};
  std::size_t pending_bytes_ = 0;
  std::uint64_t total_bytes_ = 0;

  static std::array<std::uint64_t, 4> initial_lanes();
};

// The hash of one block as 16 hexadecimal digits.
std::string content_hash(std::span<const std::byte> bytes);

}  // namespace limpid
