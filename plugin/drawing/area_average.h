#pragma once

#include "core/image/image.h"

#include <cstdint>

namespace limpid {

// Means over blocks of block_px x block_px pixels: a large micrograph in the size of a screen,
// without the aliasing of skipped pixels, and with as much less noise. Pixels that are not finite
// are left out; a block of nothing else is NaN. Blocks are as short as the image where it is
// shorter, and what is left over at the right and at the end is dropped: an incomplete block would
// be noisier than the others.
Image area_average(const Image& image, std::int64_t block_px);

// The smallest block with which the longer side gets at most `longest_side_px`.
std::int64_t block_for_side(const Image& image, std::int64_t longest_side_px);

}  // namespace limpid
