#pragma once

#include <cstddef>
#include <cstdint>

namespace limpid {

// An image in memory of the host: float32, row after row. Owned by somebody else.
struct HostImage {
  float* pixels = nullptr;
  std::int64_t width = 0;
  std::int64_t height = 0;

  float* row(std::int64_t y) const { return pixels + y * width; }
  std::int64_t pixel_count() const { return width * height; }
};

struct ImagePoint {
  std::int64_t x = 0;
  std::int64_t y = 0;
};

struct ImagePart {
  std::int64_t x = 0;
  std::int64_t y = 0;
  std::int64_t width = 0;
  std::int64_t height = 0;
};

}  // namespace limpid
