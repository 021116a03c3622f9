#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace limpid::test {

// An MRC file put together field by field, straight from the format's table, so that tests of the
// reader do not depend on the writer.
class MrcBytes {
 public:
  MrcBytes(std::int32_t width,
           std::int32_t height,
           std::int32_t sections,
           std::int32_t mode,
           bool is_big_endian = false)
      : is_big_endian_(is_big_endian), bytes_(1024) {
    put(0, width).put(4, height).put(8, sections).put(12, mode);
    put(28, width).put(32, height).put(36, 1);
    for (std::size_t axis = 0; axis < 3; ++axis)
      put(64 + 4 * axis, static_cast<std::int32_t>(axis + 1));
    put(108, std::int32_t{20141});
    put_text(208, "MAP ");
    put_text(212, is_big_endian ? "\x11\x11" : "\x44\x44");
  }

  template <class T>
  MrcBytes& put(std::size_t offset, T value) {
    std::memcpy(bytes_.data() + offset, &value, sizeof(T));
    if (is_big_endian_)
      std::reverse(bytes_.data() + offset, bytes_.data() + offset + sizeof(T));
    return *this;
  }
  MrcBytes& put_text(std::size_t offset, std::string_view text) {
    std::memcpy(bytes_.data() + offset, text.data(), text.size());
    return *this;
  }
  MrcBytes& pixel_size(float angstrom) {
    for (std::size_t axis = 0; axis < 2; ++axis) {
      std::int32_t size = 0;
      std::memcpy(&size, bytes_.data() + 4 * axis, sizeof(size));
      if (is_big_endian_)
        size = static_cast<std::int32_t>(__builtin_bswap32(static_cast<std::uint32_t>(size)));
      put(40 + 4 * axis, static_cast<float>(size) * angstrom);
    }
    return *this;
  }
  MrcBytes& extended_header(std::string_view type, const std::vector<std::byte>& content) {
    put(92, static_cast<std::int32_t>(content.size())).put_text(104, type);
    bytes_.insert(bytes_.end(), content.begin(), content.end());
    return *this;
  }
  // Appends one stored pixel, or a byte with two of them.
  template <class T>
  MrcBytes& pixel(T value) {
    bytes_.resize(bytes_.size() + sizeof(T));
    return put(bytes_.size() - sizeof(T), value);
  }
  MrcBytes& resize(std::size_t size) {
    bytes_.resize(size);
    return *this;
  }

  const std::vector<std::byte>& bytes() const { return bytes_; }

 private:
  bool is_big_endian_;
  std::vector<std::byte> bytes_;
};

}  // namespace limpid::test
