#include "core/io/eer_codec.h"

#include "core/base/error.h"

#include <bit>
#include <cstring>

namespace limpid {
namespace {

class BitReader {
 public:
  explicit BitReader(std::span<const std::byte> bytes)
      : bytes_(bytes), bit_count_(8 * static_cast<std::uint64_t>(bytes.size())) {}

  std::uint64_t bits_left() const { return bit_count_ - position_; }
  // At most 32 bits, and not more than are left.
  std::uint32_t take(int count) {
    const std::uint64_t window = load(position_ / 8) >> (position_ % 8);
    position_ += static_cast<std::uint64_t>(count);
    return static_cast<std::uint32_t>(window & ((std::uint64_t{1} << count) - 1));
  }

 private:
  // Eight bytes with zeros behind the end.
  std::uint64_t load(std::uint64_t byte) const {
    static_assert(std::endian::native == std::endian::little);
    std::uint64_t value = 0;
    if (byte + sizeof(value) <= bytes_.size())
      std::memcpy(&value, bytes_.data() + byte, sizeof(value));
    else
      std::memcpy(&value, bytes_.data() + byte, bytes_.size() - byte);
    return value;
  }

  std::span<const std::byte> bytes_;
  std::uint64_t bit_count_;
  std::uint64_t position_ = 0;
};

// Places count from the middle of the pixel in two's complement: -2, -1, 0, 1 for two bits.
std::int32_t place_from_edge(std::uint32_t bits, int count) {
  const std::uint32_t sign = count > 0 ? 1u << (count - 1) : 0u;
  return static_cast<std::int32_t>((bits & ((1u << count) - 1)) ^ sign);
}

}  // namespace

void decode_eer_frame(const EerCoding& coding,
                      std::int64_t width,
                      std::int64_t height,
                      std::span<const std::byte> stored,
                      std::vector<ElectronEvent>& events) {
  const auto pixel_count = static_cast<std::uint64_t>(width * height);
  const auto row_pixels = static_cast<std::uint64_t>(width);
  const auto longest_run = (std::uint32_t{1} << coding.run_bits) - 1;
  const auto run_bits = static_cast<std::uint64_t>(coding.run_bits);
  const auto place_bits = static_cast<std::uint64_t>(coding.sub_bits());
  BitReader bits(stored);
  events.clear();
  std::uint64_t pixel = 0;
  while (bits.bits_left() >= run_bits) {
    const std::uint32_t run = bits.take(coding.run_bits);
    pixel += run;
    if (pixel >= pixel_count)
      break;
    const bool is_electron = run < longest_run;
    if (!is_electron && !coding.long_run_has_place)
      continue;
    if (bits.bits_left() < place_bits)
      break;
    const std::uint32_t place = bits.take(coding.sub_bits());
    if (!is_electron)
      continue;
    const auto x = static_cast<std::int32_t>(pixel % row_pixels);
    const auto y = static_cast<std::int32_t>(pixel / row_pixels);
    events.push_back({(x << coding.sub_bits_x) + place_from_edge(place, coding.sub_bits_x),
                      (y << coding.sub_bits_y) +
                          place_from_edge(place >> coding.sub_bits_x, coding.sub_bits_y)});
    ++pixel;
  }
  if (pixel != pixel_count)
    fail(ErrorKind::input,
         "the electrons of {} bytes end at pixel {} of {}: the frame is damaged",
         stored.size(),
         pixel,
         pixel_count);
}

}  // namespace limpid
