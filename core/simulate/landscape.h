#pragma once

#include "core/base/random.h"
#include "core/image/image.h"
#include "core/simulate/landscape_plan.h"
#include "core/simulate/specimen.h"

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

LandscapePlan plan_landscape(const SpecimenSettings& specimen,
                             const Illumination& illumination,
                             const FieldGrid& field,
                             double voltage_kv,
                             RandomSequence& random);

Landscape make_landscape(const LandscapePlan& plan);

}  // namespace limpid
