#pragma once

#include "core/base/random.h"
#include "core/image/image.h"
#include "core/simulate/specimen.h"

#include <cstdint>

namespace limpid {

// What varies slowly over the image: how much of the beam gets through, and the support film and
// the dirt as phase objects. All images cover the field with its margin.
struct Landscape {
  Image transmission;  // fraction of the electrons that reach the image
  // Phase shift of film and contamination, rad; empty when there is neither.
  Image phase;
  // 1 on the film, 0 in the hole; empty without film.
  Image film;
};

// Uneven illumination: change of intensity from side to side and excess at the corners, as
// fractions of the intensity in the middle.
struct Illumination {
  double gradient_x = 0;
  double gradient_y = 0;
  double curvature = 0;
};

Landscape make_landscape(const SpecimenSettings& specimen,
                         const Illumination& illumination,
                         const FieldGrid& field,
                         double voltage_kv,
                         RandomSequence& random);

}  // namespace limpid
