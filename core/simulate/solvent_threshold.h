#pragma once

#include <span>

namespace limpid {

// The density between solvent and particle in a map of arbitrary units: the threshold that makes
// both sides most alike within (Otsu 1979, IEEE Trans. Syst. Man Cybern. 9:62). Values that are not
// finite do not count; a constant map gives its value.
double find_solvent_threshold(std::span<const float> density);

}  // namespace limpid
