#pragma once

#include "core/base/random.h"
#include "core/image/image.h"
#include "core/simulate/landscape_kernels.h"
#include "core/simulate/specimen.h"

#include <vector>

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

// Everything that a landscape is computed from.
struct LandscapePlan {
  LandscapeShape shape;
  std::vector<Lump> lumps;
  std::vector<WavePart> wave_columns;  // [wave][x]; empty without undulations
  std::vector<WavePart> wave_rows;     // [wave][y]

  bool has_phase() const { return shape.has_film || !lumps.empty(); }
};

LandscapePlan plan_landscape(const SpecimenSettings& specimen,
                             const Illumination& illumination,
                             const FieldGrid& field,
                             double voltage_kv,
                             RandomSequence& random);

Landscape make_landscape(const LandscapePlan& plan);

}  // namespace limpid
