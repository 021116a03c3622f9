#pragma once

#include "core/image/image.h"

#include <optional>

namespace limpid {

// Sums of frames weighted by dose. Most programs divide them by the root of the summed squares of
// the weights, which leaves the noise of the frames as it was; nothing need be done to those. In
// plain sums the noise falls with frequency as no camera makes it, and models that know cameras
// remove too much or too little.

// The dose in e/A^2 whose weights explain how the power falls between 10 A and the Nyquist
// frequency, beside what the blur of a camera does; of several that do so as well the smallest,
// since the shape hardly changes beyond some dose. Nothing if a camera alone can explain it, or if
// there are too few frequencies to tell. The middle of a micrograph (trust_window.h) tells enough;
// its pixels are finite. At voltages below 300 kV it comes out as the higher dose that destroys as
// much there.
std::optional<double> measure_weighting_dose(const Image& window, double pixel_size_angstrom);

enum class WeightedNoise {
  make_white,  // as if the sum were divided by the root of the squared weights
  put_back
};

// Multiplies frequencies by weighted_noise_power(frequency, dose) to the power of -1/2 or 1/2. The
// mean stays.
void change_weighted_noise(Image& image,
                           double pixel_size_angstrom,
                           double dose,
                           WeightedNoise change);

}  // namespace limpid
