#pragma once

#include "core/base/host_device.h"

#include <cstdint>

namespace limpid {

// The sampled plane that is simulated. It is periodic: what leaves at one side enters at the other.
// The image is cut out of it, leaving a margin from which neighbours reach into the image.
struct FieldGrid {
  std::int64_t width = 0;
  std::int64_t height = 0;
  double pixel_size_angstrom = 1;
  std::int64_t margin_x_px = 0;  // columns before the image
  std::int64_t margin_y_px = 0;  // rows before the image
  std::int64_t image_width = 0;
  std::int64_t image_height = 0;

  // Place of a pixel of the field as a fraction of the image: 0 in the first column, 1 in the last.
  LIMPID_HOST_DEVICE double fraction_x(double x_px) const {
    return (x_px - static_cast<double>(margin_x_px)) / static_cast<double>(image_width);
  }
  LIMPID_HOST_DEVICE double fraction_y(double y_px) const {
    return (y_px - static_cast<double>(margin_y_px)) / static_cast<double>(image_height);
  }
};

}  // namespace limpid
