#pragma once

#include "core/image/image.h"

#include <cstdint>
#include <vector>

namespace limpid {

// |F|^2 of an image, averaged over overlapping square tiles under a Hann taper: so it needs little
// memory for an image of any size, and its speckle is small enough for rings to be seen.
struct PowerSpectrum {
  std::int64_t tile_px = 0;
  // The half plane as in Spectrum (core/image/fourier.h): column x is horizontal frequency index,
  // row y vertical frequency index modulo tile_px.
  Image power;
  // Mean over the ring of radius k / tile_px cycles per pixel; the zero frequency is left out of
  // ring 0, which repeats ring 1.
  std::vector<double> ring_power;

  // At any frequency index: periodic, and symmetric about zero as that of any real image is.
  double at(std::int64_t x, std::int64_t y) const;
  // At any frequency in cycles per pixel, interpolated between its neighbours.
  double interpolated(double frequency_x, double frequency_y) const;
};

// Of `image`, or of image - subtracted when that is given (of the same size). Pixels that are not
// finite count as the mean of their tile. Tiles have `tile_px` a side, or less so that some fit
// into the image; at most 64 of them, evenly spread, are looked at.
PowerSpectrum measure_power_spectrum(const Image& image,
                                     const Image* subtracted,
                                     std::int64_t tile_px);

}  // namespace limpid
