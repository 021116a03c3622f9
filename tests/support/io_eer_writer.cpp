#include "tests/support/io_eer_writer.h"

#include "core/base/random.h"

#include <algorithm>

namespace limpid::test {
namespace {

class BitWriter {
 public:
  void put(std::uint32_t value, int count) {
    for (int i = 0; i < count; ++i, ++bit_count_) {
      if (bit_count_ % 8 == 0)
        bytes_.push_back('\0');
      if (((value >> i) & 1) != 0)
        bytes_.back() = static_cast<char>(bytes_.back() | (1 << (bit_count_ % 8)));
    }
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
  int bit_count_ = 0;
};

void append(std::string& bytes, std::uint64_t value, int size) {
  for (int i = 0; i < size; ++i)
    bytes.push_back(static_cast<char>(value >> (8 * i)));
}

struct Entry {
  std::uint16_t tag;
  std::uint64_t value;
};

// An entry of one 16-bit or 64-bit number.
void append(std::string& bytes, const Entry& entry, bool is_long) {
  append(bytes, entry.tag, 2);
  append(bytes, is_long ? 16 : 3, 2);
  append(bytes, 1, 8);
  append(bytes, entry.value, 8);
}

void append_array(std::string& bytes, std::uint16_t tag, std::uint64_t count, std::uint64_t value) {
  append(bytes, tag, 2);
  append(bytes, 16, 2);
  append(bytes, count, 8);
  append(bytes, value, 8);
}

}  // namespace

std::string encode_eer_frame(const EerCoding& coding,
                             std::int64_t width,
                             std::int64_t height,
                             std::vector<ElectronEvent> events) {
  const auto pixel_of = [&](const ElectronEvent& event) {
    return std::int64_t{event.y >> coding.sub_bits_y} * width + (event.x >> coding.sub_bits_x);
  };
  std::sort(events.begin(), events.end(), [&](const ElectronEvent& a, const ElectronEvent& b) {
    return pixel_of(a) < pixel_of(b);
  });
  // Places are signed in the file: the highest bit of each is inverted.
  const auto place = [](std::int32_t coordinate, int bits) {
    const std::uint32_t mask = (1u << bits) - 1;
    return (static_cast<std::uint32_t>(coordinate) & mask) ^ (bits > 0 ? 1u << (bits - 1) : 0u);
  };
  BitWriter bits;
  const std::int64_t longest = (std::int64_t{1} << coding.run_bits) - 1;
  const auto put_run = [&](std::int64_t run) {
    for (; run >= longest; run -= longest) {
      bits.put(static_cast<std::uint32_t>(longest), coding.run_bits);
      if (coding.long_run_has_place)
        bits.put(0, coding.sub_bits());
    }
    bits.put(static_cast<std::uint32_t>(run), coding.run_bits);
  };
  std::int64_t pixel = 0;
  for (const ElectronEvent& event : events) {
    put_run(pixel_of(event) - pixel);
    bits.put(place(event.x, coding.sub_bits_x), coding.sub_bits_x);
    bits.put(place(event.y, coding.sub_bits_y), coding.sub_bits_y);
    pixel = pixel_of(event) + 1;
  }
  put_run(width * height - pixel);
  return bits.bytes();
}

std::string eer_bytes(const EerFile& file) {
  std::string bytes("II+\0\x08\0\0\0", 8);
  append(bytes, 0, 8);
  std::size_t link = 8;  // where the offset of the next page belongs
  for (const std::string& frame : file.frames) {
    const auto strips = static_cast<std::uint64_t>(file.strip_count);
    const std::size_t data = bytes.size();
    bytes += frame;
    bytes.resize((bytes.size() + 7) / 8 * 8);
    // Of several strips; the last one takes the rest.
    const std::size_t arrays = bytes.size();
    const std::size_t strip_bytes = frame.size() / strips;
    if (strips > 1) {
      for (std::uint64_t i = 0; i < strips; ++i)
        append(bytes, data + i * strip_bytes, 8);
      for (std::uint64_t i = 0; i < strips; ++i)
        append(bytes, i + 1 < strips ? strip_bytes : frame.size() - i * strip_bytes, 8);
    }
    std::string next;
    append(next, bytes.size(), 8);
    bytes.replace(link, 8, next);
    const bool is_detailed = file.compression == 65002;
    append(bytes, is_detailed ? (file.has_tag_y ? 11 : 10) : 8, 8);
    append(bytes, {256, file.width}, false);
    append(bytes, {257, file.height}, false);
    append(bytes, {258, 1}, false);
    append(bytes, {259, file.compression}, false);
    append(bytes, {262, 1}, false);
    append_array(bytes, 273, strips, strips > 1 ? arrays : data);
    append(bytes, {278, (file.height + strips - 1) / strips}, false);
    append_array(bytes, 279, strips, strips > 1 ? arrays + 8 * strips : frame.size());
    if (is_detailed) {
      append(bytes, {65007, static_cast<std::uint64_t>(file.coding.run_bits)}, false);
      append(bytes, {65008, static_cast<std::uint64_t>(file.coding.sub_bits_x)}, false);
      if (file.has_tag_y)
        append(bytes, {65009, static_cast<std::uint64_t>(file.coding.sub_bits_y)}, false);
    }
    link = bytes.size();
    append(bytes, 0, 8);
  }
  return bytes;
}

std::vector<ElectronEvent> random_events(const EerCoding& coding,
                                         std::int64_t width,
                                         std::int64_t height,
                                         double probability,
                                         std::uint64_t seed) {
  RandomSequence random(seed, 3);
  std::vector<ElectronEvent> events;
  for (std::int64_t y = 0; y < height; ++y)
    for (std::int64_t x = 0; x < width; ++x)
      if (random.uniform(0, 1) < probability) {
        const auto coordinate = [&](std::int64_t whole, int bits) {
          return static_cast<std::int32_t>((whole << bits) + random.below(std::int64_t{1} << bits));
        };
        const std::int32_t event_x = coordinate(x, coding.sub_bits_x);
        events.push_back({event_x, coordinate(y, coding.sub_bits_y)});
      }
  return events;
}

EerCoding eer_coding(std::uint16_t compression) {
  if (compression == 65000)
    return {.run_bits = 8, .sub_bits_x = 2, .sub_bits_y = 2, .long_run_has_place = true};
  if (compression == 65001)
    return {.run_bits = 7, .sub_bits_x = 2, .sub_bits_y = 2};
  return {.run_bits = 7, .sub_bits_x = 1, .sub_bits_y = 1};
}

}  // namespace limpid::test
