#include "core/io/mrc_pixels.h"

#include "core/base/error.h"
#include "core/base/vector_clones.h"
#include "core/io/half.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace limpid {
namespace {

std::uint8_t swapped(std::uint8_t value) {
  return value;
}
std::uint16_t swapped(std::uint16_t value) {
  return __builtin_bswap16(value);
}
std::uint32_t swapped(std::uint32_t value) {
  return __builtin_bswap32(value);
}

// Pixels of type `Stored` whose bits are handled as the unsigned type `Bits`.
template <class Stored, class Bits>
void decode(const std::byte* stored, bool is_big_endian, std::span<float> pixels) {
  const auto convert = [&](auto to_native) {
    for (std::size_t i = 0; i < pixels.size(); ++i) {
      Bits bits;
      std::memcpy(&bits, stored + i * sizeof(Bits), sizeof(Bits));
      pixels[i] = static_cast<float>(std::bit_cast<Stored>(to_native(bits)));
    }
  };
  if (is_big_endian)
    convert([](Bits bits) { return swapped(bits); });
  else
    convert([](Bits bits) { return bits; });
}

void decode_half(const std::byte* stored, bool is_big_endian, std::span<float> pixels) {
  std::array<std::uint16_t, 2048> halves;
  for (std::size_t begin = 0; begin < pixels.size(); begin += halves.size()) {
    const std::size_t count = std::min(halves.size(), pixels.size() - begin);
    std::memcpy(halves.data(), stored + begin * 2, count * 2);
    if (is_big_endian)
      for (std::size_t i = 0; i < count; ++i)
        halves[i] = swapped(halves[i]);
    half_to_float(std::span(halves).first(count), pixels.subspan(begin, count));
  }
}

void decode_uint4_row(const std::byte* stored, std::span<float> row) {
  for (std::size_t x = 0; x < row.size(); ++x) {
    const auto pair = std::to_integer<unsigned>(stored[x / 2]);
    row[x] = static_cast<float>(x % 2 == 0 ? pair & 15u : pair >> 4);
  }
}

template <class Stored>
std::int64_t encode_integers(std::span<const float> pixels,
                             std::byte* stored,
                             std::span<float> as_stored) {
  constexpr auto low = static_cast<float>(std::numeric_limits<Stored>::min());
  constexpr auto high = static_cast<float>(std::numeric_limits<Stored>::max());
  std::int64_t clamped_count = 0;
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    const float rounded = std::nearbyint(pixels[i]);
    as_stored[i] = std::clamp(rounded, low, high);
    clamped_count += as_stored[i] != rounded;
    const auto value = static_cast<Stored>(as_stored[i]);
    std::memcpy(stored + i * sizeof(Stored), &value, sizeof(Stored));
  }
  return clamped_count;
}

// Into the range of half; the number of those that were outside.
LIMPID_VECTOR_CLONES
std::int32_t clamp_to_half(const float* pixels, std::int32_t count, float* clamped) {
  std::int32_t outside = 0;
  for (std::int32_t i = 0; i < count; ++i) {
    const float raised = pixels[i] < -largest_half ? -largest_half : pixels[i];
    clamped[i] = raised > largest_half ? largest_half : raised;
    outside += clamped[i] != pixels[i] ? 1 : 0;
  }
  return outside;
}

std::int64_t encode_halves(std::span<const float> pixels,
                           std::byte* stored,
                           std::span<float> as_stored) {
  std::int64_t clamped_count = 0;
  std::array<std::uint16_t, 2048> halves;
  for (std::size_t begin = 0; begin < pixels.size(); begin += halves.size()) {
    const std::size_t count = std::min(halves.size(), pixels.size() - begin);
    const auto values = as_stored.subspan(begin, count);
    clamped_count +=
        clamp_to_half(pixels.data() + begin, static_cast<std::int32_t>(count), values.data());
    float_to_half(values, std::span(halves).first(count));
    half_to_float(std::span(halves).first(count), values);
    std::memcpy(stored + begin * 2, halves.data(), count * 2);
  }
  return clamped_count;
}

}  // namespace

void decode_mrc_rows(const MrcHeader& header,
                     std::span<const std::byte> stored,
                     std::span<float> pixels) {
  const auto width = static_cast<std::size_t>(header.width);
  require(stored.size() * width == pixels.size() * header.row_bytes(),
          "{} bytes decoded into {} pixels",
          stored.size(),
          pixels.size());
  const std::byte* bytes = stored.data();
  const bool is_big_endian = header.is_big_endian;
  switch (header.mode) {
    case MrcMode::int8:
      if (header.bytes_are_unsigned)
        return decode<std::uint8_t, std::uint8_t>(bytes, is_big_endian, pixels);
      return decode<std::int8_t, std::uint8_t>(bytes, is_big_endian, pixels);
    case MrcMode::int16:
      return decode<std::int16_t, std::uint16_t>(bytes, is_big_endian, pixels);
    case MrcMode::uint16:
      return decode<std::uint16_t, std::uint16_t>(bytes, is_big_endian, pixels);
    case MrcMode::float32:
      return decode<float, std::uint32_t>(bytes, is_big_endian, pixels);
    case MrcMode::float16:
      return decode_half(bytes, is_big_endian, pixels);
    case MrcMode::uint4:
      for (std::size_t begin = 0; begin < pixels.size();
           begin += width, bytes += header.row_bytes())
        decode_uint4_row(bytes, pixels.subspan(begin, width));
      return;
  }
}

std::int64_t encode_mrc_row(MrcMode mode,
                            std::span<const float> pixels,
                            std::span<std::byte> stored,
                            std::span<float> as_stored) {
  require(mode != MrcMode::uint4, "MRC mode 101 is not written");
  require(stored.size() == mrc_row_bytes(mode, static_cast<std::int64_t>(pixels.size())) &&
              as_stored.size() == pixels.size(),
          "{} pixels encoded into {} bytes",
          pixels.size(),
          stored.size());
  switch (mode) {
    case MrcMode::int8:
      return encode_integers<std::int8_t>(pixels, stored.data(), as_stored);
    case MrcMode::int16:
      return encode_integers<std::int16_t>(pixels, stored.data(), as_stored);
    case MrcMode::uint16:
      return encode_integers<std::uint16_t>(pixels, stored.data(), as_stored);
    case MrcMode::float16:
      return encode_halves(pixels, stored.data(), as_stored);
    case MrcMode::float32:
    case MrcMode::uint4:
      break;
  }
  std::memcpy(stored.data(), pixels.data(), stored.size());
  std::copy(pixels.begin(), pixels.end(), as_stored.begin());
  return 0;
}

}  // namespace limpid
