#pragma once

#include <cstdint>

namespace limpid {

// Each purpose of each micrograph draws from its own stream of random numbers, so that one does not
// shift the other and rows can be drawn in any order.
enum class RandomPurpose : std::uint64_t {
  settings,
  structures,
  specimen,
  motion,
  landscape,
  ice,
  carbon,
  even_half,
  odd_half,
  frame,
  camera
};

// `item` is a row below 2^18, or frame * 2^20 + row with frames below 2^14; `micrograph_index` is
// below 2^24.
constexpr std::uint64_t random_stream(std::uint64_t micrograph_index,
                                      RandomPurpose purpose,
                                      std::uint64_t item = 0) {
  return micrograph_index << 40 | static_cast<std::uint64_t>(purpose) << 34 | item;
}

constexpr std::uint64_t frame_item(std::uint64_t frame) {
  return frame << 20;
}

}  // namespace limpid
