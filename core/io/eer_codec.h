#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace limpid {

// How a frame of an electron-event movie (EER) is stored: as electrons in the order of the pixels,
// row after row. Each is the number of empty pixels before it, in `run_bits`, and its place inside
// its pixel. The longest run stands for that many empty pixels without an electron behind them.
// Bits are taken from the low end of each byte.
struct EerCoding {
  int run_bits = 7;
  int sub_bits_x = 2;  // the place in a pixel in units of 1 / 2^sub_bits
  int sub_bits_y = 2;
  // Whether the longest run is followed by bits for a place, which mean nothing.
  bool long_run_has_place = false;

  int sub_bits() const { return sub_bits_x + sub_bits_y; }
};

inline constexpr int largest_eer_run_bits = 16;
inline constexpr int largest_eer_sub_bits = 4;  // in each direction

// Where an electron hit, in units of 1 / 2^sub_bits pixel from the first pixel of the first row.
struct ElectronEvent {
  std::int32_t x = 0;
  std::int32_t y = 0;

  bool operator==(const ElectronEvent&) const = default;
};

// Replaces `events` by those of a frame. Damage, such as runs that do not end exactly behind the
// last pixel, throws Error(ErrorKind::input); neither `stored` nor the frame is ever left.
void decode_eer_frame(const EerCoding& coding,
                      std::int64_t width,
                      std::int64_t height,
                      std::span<const std::byte> stored,
                      std::vector<ElectronEvent>& events);

}  // namespace limpid
