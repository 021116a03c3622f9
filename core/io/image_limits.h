#pragma once

#include "core/base/error.h"

#include <cstdint>
#include <string>

namespace limpid {

// Twice the pixels of a 16384 x 16384 rendering of an electron-event movie, the largest micrographs
// in use. Guards against files that claim, or compress to, more than any memory.
inline constexpr std::int64_t largest_image_pixels = std::int64_t{1} << 29;

// Throws Error(ErrorKind::input) naming the file if an image of this size is not to be loaded.
inline void check_image_size(const std::string& path, std::int64_t width, std::int64_t height) {
  if (width < 1 || height < 1 || width > largest_image_pixels / height)
    fail(ErrorKind::input,
         "reading '{}': an image of {} x {} pixels, expected 1 to {} pixels",
         path,
         width,
         height,
         largest_image_pixels);
}

}  // namespace limpid
