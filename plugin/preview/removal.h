#pragma once

#include "core/image/image.h"

namespace limpid {

// How much was removed from a micrograph, and whether it looks like what was kept. Pixels that are
// not finite are left out.
struct Removal {
  double raw_sigma = 0;
  double denoised_sigma = 0;
  double removed_sigma = 0;
  // Of the removed with the denoised pixels: 0 for the best estimate of its kind, positive when
  // signal was removed too. 0 where one of them is constant.
  double correlation = 0;
};

// The images have one size. The removed image itself is not made.
Removal measure_removal(const Image& raw, const Image& denoised);

}  // namespace limpid
