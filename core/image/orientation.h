#pragma once

#include "core/image/image.h"

namespace limpid {

// The ways to lay a square on itself: bit 0 mirrors x, bit 1 mirrors y, bit 2 transposes.
inline constexpr int orientation_count = 8;

// The image in another orientation; a transposed one has width and height exchanged.
Image turned(const Image& image, int orientation);

// Adds to the sum an image that is in this orientation of it, pixel to pixel.
void add_turned_back(const Image& image, int orientation, Image& sum);

}  // namespace limpid
