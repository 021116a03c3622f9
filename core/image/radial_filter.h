#pragma once

#include "core/base/parallel.h"
#include "core/image/fourier.h"

#include <cmath>
#include <cstdint>

namespace limpid {

// Multiplies every component by gain(length of its frequency in cycles per pixel). `gain` is called
// by several threads.
template <class Gain>
void filter_radially(Spectrum& spectrum, const Gain& gain) {
  parallel_for(spectrum.height(), 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t y = begin; y < end; ++y)
      for (std::int64_t x = 0; x < spectrum.width(); ++x)
        spectrum.at(x, y) *=
            static_cast<float>(gain(std::hypot(spectrum.frequency_x(x), spectrum.frequency_y(y))));
  });
}

template <class Gain>
Image radially_filtered(const Image& image, const Gain& gain) {
  Spectrum spectrum = fourier_transform(image);
  filter_radially(spectrum, gain);
  return inverse_fourier_transform(spectrum);
}

}  // namespace limpid
