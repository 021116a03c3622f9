#pragma once

#include "core/image/image.h"

#include <cstdint>

namespace limpid {

// A frame around an image that makes it periodic, so that a Fourier transform sees no edges: the
// image lies in the middle, is continued by reflection, and where the reflections of opposite edges
// meet, around the seam, one fades into the other.
class PeriodicFrame {
 public:
  // At least `margin_px` on each side; sizes are rounded up to ones with a fast transform.
  PeriodicFrame(std::int64_t image_width, std::int64_t image_height, std::int64_t margin_px);

  std::int64_t width() const { return horizontal_.framed; }
  std::int64_t height() const { return vertical_.framed; }

  Image add(const Image& image) const;
  Image remove(const Image& framed) const;

 private:
  struct Axis {
    std::int64_t size = 0;
    std::int64_t framed = 0;
    std::int64_t offset() const { return (framed - size) / 2; }
  };

  Axis horizontal_;
  Axis vertical_;
};

}  // namespace limpid
