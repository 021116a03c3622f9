#pragma once

#include "core/image/image.h"

namespace limpid {

// The sum of two denoised halves in the grey scale of their micrograph: offset + factor * sum with
// the least squared difference from it. Takes the place of `micrograph`, which has the same size;
// the sum itself that of `even`.
void combine_halves(Image& even, const Image& odd, Image& micrograph);

}  // namespace limpid
