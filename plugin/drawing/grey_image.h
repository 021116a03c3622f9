#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace limpid {

// What is shown on a page: 0 is black, 255 is white; row 0 is on top.
struct GreyImage {
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::vector<std::uint8_t> pixels;

  std::uint8_t at(std::int64_t x, std::int64_t y) const {
    return pixels[static_cast<std::size_t>(y * width + x)];
  }
};

}  // namespace limpid
