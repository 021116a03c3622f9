#pragma once

#include "core/base/host_device.h"

#include <cmath>
#include <cstdint>
#include <numbers>

namespace limpid {

// Counter-based random numbers: the value depends on (seed, stream, position) alone, so the same
// pixel gets the same number on any thread and any device. Philox4x32-10, Salmon et al. 2011,
// "Parallel random numbers: as easy as 1, 2, 3".
struct RandomBlock {
  std::uint32_t value[4];
};

LIMPID_HOST_DEVICE inline RandomBlock philox4x32(std::uint64_t seed,
                                                 std::uint64_t stream,
                                                 std::uint64_t position) {
  std::uint32_t c0 = static_cast<std::uint32_t>(position);
  std::uint32_t c1 = static_cast<std::uint32_t>(position >> 32);
  std::uint32_t c2 = static_cast<std::uint32_t>(stream);
  std::uint32_t c3 = static_cast<std::uint32_t>(stream >> 32);
  std::uint32_t k0 = static_cast<std::uint32_t>(seed);
  std::uint32_t k1 = static_cast<std::uint32_t>(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = 0xD2511F53ull * c0;
    const std::uint64_t p1 = 0xCD9E8D57ull * c2;
    const std::uint32_t n0 = static_cast<std::uint32_t>(p1 >> 32) ^ c1 ^ k0;
    const std::uint32_t n2 = static_cast<std::uint32_t>(p0 >> 32) ^ c3 ^ k1;
    c1 = static_cast<std::uint32_t>(p1);
    c3 = static_cast<std::uint32_t>(p0);
    c0 = n0;
    c2 = n2;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return {{c0, c1, c2, c3}};
}

// 32 random bits to the open interval (0, 1), exact in float: 23 bits and a half step.
LIMPID_HOST_DEVICE inline float uniform_open(std::uint32_t bits) {
  return (static_cast<float>(bits >> 9) + 0.5f) * (1.0f / 8388608.0f);
}

// A sequence for code that draws one number after another (structures, schedules, crops).
class RandomSequence {
 public:
  LIMPID_HOST_DEVICE RandomSequence(std::uint64_t seed, std::uint64_t stream)
      : seed_(seed), stream_(stream) {}

  LIMPID_HOST_DEVICE std::uint32_t bits() {
    if (used_ == 4) {
      block_ = philox4x32(seed_, stream_, position_++);
      used_ = 0;
    }
    return block_.value[used_++];
  }
  // Uniform in (0, 1).
  LIMPID_HOST_DEVICE double uniform() { return (static_cast<double>(bits()) + 0.5) / 4294967296.0; }
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  // Uniform integer in [0, count), count > 0.
  std::int64_t below(std::int64_t count) {
    const std::uint64_t wide = (static_cast<std::uint64_t>(bits()) << 32) | bits();
    return static_cast<std::int64_t>(wide % static_cast<std::uint64_t>(count));
  }
  // Standard normal (Box and Muller 1958). The math library decides about its last bits.
  LIMPID_HOST_DEVICE double normal() {
    const double radius = std::sqrt(-2.0 * std::log(uniform()));
    return radius * std::cos(2.0 * std::numbers::pi * uniform());
  }

 private:
  std::uint64_t seed_;
  std::uint64_t stream_;
  std::uint64_t position_ = 0;
  RandomBlock block_{};
  int used_ = 4;
};

}  // namespace limpid
