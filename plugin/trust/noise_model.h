#pragma once

#include "core/image/image.h"
#include "plugin/trust/white_noise.h"

// Pure noise like that of one micrograph, to show to a model that should leave nothing of it.
namespace limpid {

// Of the halves' difference, which has the noise of their sum and no signal.
Image noise_like_difference(const Image& even, const Image& odd, const WhiteNoise& white);

// Without halves: of the micrograph, outliers clipped. Up to about 12 A its power is mostly that of
// particles; there the noise has at most what the micrograph has next to it, at finer resolution,
// as no camera amplifies coarse noise.
Image noise_like_micrograph(const Image& micrograph,
                            double pixel_size_angstrom,
                            const WhiteNoise& white);

}  // namespace limpid
