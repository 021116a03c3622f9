#pragma once

#include "core/image/fourier.h"

#include <cstdint>

namespace limpid {

// The spectrum of the same picture on another grid, of any size: frequencies that both grids have
// are kept, the others left out or zero, grey values stay. Pixel (x, y) goes to
// (x width / old width, y height / old height): nothing is shifted, and going to a finer grid and
// back gives the spectrum back.
Spectrum resample_spectrum(const Spectrum& spectrum, std::int64_t width, std::int64_t height);

}  // namespace limpid
