#pragma once

#include "core/image/image.h"

#include <cstdint>
#include <string>

namespace limpid {

inline constexpr std::int64_t largest_trust_window_px = 1024;

// The square from the middle of a micrograph on which its quality is measured, so that this costs
// little beside denoising the whole.
Image trust_window(const Image& micrograph);

// The same of a file, of which no more is read than is needed; pixels that are not finite are
// repaired. Throws Error(input), also when the image has not `width` x `height` pixels.
Image read_trust_window(const std::string& path, std::int64_t width, std::int64_t height);

}  // namespace limpid
