#pragma once

#include "core/image/image.h"
#include "plugin/drawing/grey_image.h"

#include <cstdint>
#include <span>

namespace limpid {

// The values that are shown as black and as white.
struct GreyWindow {
  double low = 0;
  double high = 1;

  // 0 to 255; values outside are cut off, NaN is black. A window without width shows all as grey.
  std::uint8_t grey(float value) const;
  double width() const { return high - low; }
};

// What is cut off on each side: hot pixels and the like must not flatten the rest.
inline constexpr double clipped_percent = 0.4;

// One window for all the images together, so that their greys can be compared: between the
// percentiles `clipped_percent` and 100 - clipped_percent of all finite pixels. Measure it on what
// is shown, that is after averaging to the size of the screen: the noise of single pixels asks for
// a window in which no particle can be seen. [0, 0] when no pixel is finite.
GreyWindow measure_window(std::span<const Image* const> images);

// Row 0 of an image is the bottom of the picture, so rows are reversed.
GreyImage to_grey(const Image& image, const GreyWindow& window);

// Where neighbouring pixels differ by more than a step between 16 greys, 16 greys look like 256,
// and a PNG is half as large: nothing compresses the low bits of noise. Others stay as they are.
void round_greys_of_noise(GreyImage& image);

}  // namespace limpid
