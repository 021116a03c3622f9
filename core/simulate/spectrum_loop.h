#pragma once

#include "core/base/parallel.h"
#include "core/image/fourier.h"

#include <cstdint>

namespace limpid {

// visit(x, y, fx, fy) for every element of a half spectrum, rows in parallel; frequencies in cycles
// per pixel.
template <class Visit>
void for_each_frequency(const Spectrum& spectrum, const Visit& visit) {
  constexpr std::int64_t rows_at_a_time = 16;
  parallel_for(spectrum.height(), rows_at_a_time, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t y = begin; y < end; ++y) {
      const double fy = spectrum.frequency_y(y);
      for (std::int64_t x = 0; x < spectrum.width(); ++x)
        visit(x, y, spectrum.frequency_x(x), fy);
    }
  });
}

}  // namespace limpid
