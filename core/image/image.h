#pragma once

#include "core/base/error.h"
#include "core/base/large_allocator.h"

#include <cstdint>
#include <span>
#include <vector>

namespace limpid {

// A grey-scale image in memory: float32, row after row, row 0 first as the file stores it (in MRC
// the bottom row).
class Image {
 public:
  Image() = default;
  Image(std::int64_t width, std::int64_t height, float value = 0.0f)
      : width_(width), height_(height), pixels_(static_cast<std::size_t>(width * height), value) {
    require(width > 0 && height > 0, "an image of {} x {} pixels", width, height);
  }

  // Changes the size; the pixels are then undefined. Memory is used again if it suffices, else
  // given back before more is taken.
  void reshape(std::int64_t width, std::int64_t height) {
    require(width > 0 && height > 0, "an image of {} x {} pixels", width, height);
    const auto count = static_cast<std::size_t>(width * height);
    if (pixels_.capacity() < count)
      Pixels().swap(pixels_);
    pixels_.resize(count);
    width_ = width;
    height_ = height;
  }

  std::int64_t width() const { return width_; }
  std::int64_t height() const { return height_; }
  std::int64_t pixel_count() const { return width_ * height_; }
  bool empty() const { return pixels_.empty(); }

  float& at(std::int64_t x, std::int64_t y) {
    return pixels_[static_cast<std::size_t>(y * width_ + x)];
  }
  float at(std::int64_t x, std::int64_t y) const {
    return pixels_[static_cast<std::size_t>(y * width_ + x)];
  }
  std::span<float> row(std::int64_t y) {
    return pixels().subspan(static_cast<std::size_t>(y * width_), static_cast<std::size_t>(width_));
  }
  std::span<const float> row(std::int64_t y) const {
    return pixels().subspan(static_cast<std::size_t>(y * width_), static_cast<std::size_t>(width_));
  }
  std::span<float> pixels() & { return pixels_; }
  std::span<const float> pixels() const& { return pixels_; }
  // A view of a temporary image would dangle, in a range-based for loop for instance.
  std::span<const float> pixels() && = delete;

 private:
  using Pixels = std::vector<float, LargeAllocator<float>>;

  std::int64_t width_ = 0;
  std::int64_t height_ = 0;
  Pixels pixels_;
};

}  // namespace limpid
