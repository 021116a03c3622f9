#pragma once

#include "core/base/host_device.h"

#include <cstdint>

namespace limpid {

// The pixels of an image in the order of a square patch that is cut out of it, mirrored and
// transposed: pixel (row, column) of the patch is element first + row * stride + column * step of
// the image.
struct PatchWalk {
  std::int64_t first = 0;
  std::int64_t step = 1;
  std::int64_t stride = 1;
};

// `orientation` is 0..7: bit 0 mirrors x, bit 1 mirrors y, bit 2 transposes.
LIMPID_HOST_DEVICE inline PatchWalk walk_patch(std::int64_t image_width,
                                               std::int64_t x,
                                               std::int64_t y,
                                               int orientation,
                                               std::int64_t size_px) {
  const bool mirror_x = (orientation & 1) != 0;
  const bool mirror_y = (orientation & 2) != 0;
  const bool transpose = (orientation & 4) != 0;
  const std::int64_t along_columns = transpose ? image_width : 1;
  const std::int64_t along_rows = transpose ? 1 : image_width;
  return {.first = y * image_width + x + (mirror_x ? (size_px - 1) * along_columns : 0) +
                   (mirror_y ? (size_px - 1) * along_rows : 0),
          .step = mirror_x ? -along_columns : along_columns,
          .stride = mirror_y ? -along_rows : along_rows};
}

}  // namespace limpid
