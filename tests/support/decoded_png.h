#pragma once

#include <cairo.h>

#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace limpid::test {

// The pixels of a PNG file as a viewer sees them, row 0 on top.
class DecodedPng {
 public:
  explicit DecodedPng(std::string_view bytes) {
    cairo_surface_t* const surface = cairo_image_surface_create_from_png_stream(take, &bytes);
    const bool is_valid = cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS;
    if (is_valid) {
      width_ = cairo_image_surface_get_width(surface);
      height_ = cairo_image_surface_get_height(surface);
      const unsigned char* data = cairo_image_surface_get_data(surface);
      const int stride = cairo_image_surface_get_stride(surface);
      for (std::int64_t y = 0; y < height_; ++y)
        for (std::int64_t x = 0; x < width_; ++x) {
          std::uint32_t pixel = 0;
          std::memcpy(&pixel, data + y * stride + 4 * x, sizeof(pixel));
          pixels_.push_back(pixel & 0xffffffu);
        }
    }
    cairo_surface_destroy(surface);
    if (!is_valid)
      throw std::runtime_error("no valid PNG");
  }

  std::int64_t width() const { return width_; }
  std::int64_t height() const { return height_; }
  // 0xRRGGBB.
  std::uint32_t at(std::int64_t x, std::int64_t y) const {
    return pixels_.at(static_cast<std::size_t>(y * width_ + x));
  }

 private:
  static cairo_status_t take(void* closure, unsigned char* data, unsigned int length) {
    auto& rest = *static_cast<std::string_view*>(closure);
    if (rest.size() < length)
      return CAIRO_STATUS_READ_ERROR;
    std::memcpy(data, rest.data(), length);
    rest.remove_prefix(length);
    return CAIRO_STATUS_SUCCESS;
  }

  std::int64_t width_ = 0;
  std::int64_t height_ = 0;
  std::vector<std::uint32_t> pixels_;
};

}  // namespace limpid::test
