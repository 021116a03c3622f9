#pragma once

#include "core/image/image.h"

namespace limpid {

// The contrast of particles and other details, without what changes slowly over the image such as
// uneven illumination, ice of uneven thickness or the two sides of an edge of film: the mean, over
// blocks of 64 x 64 pixels, of the variance within a block. Blocks at the right and lower end are
// as large as the image leaves them. All pixels must be finite.
double measure_local_variance(const Image& image);

}  // namespace limpid
