#pragma once

#include "core/simulate/landscape_kernels.h"

#include <vector>

namespace limpid {

// Everything that a landscape is computed from.
struct LandscapePlan {
  LandscapeShape shape;
  std::vector<Lump> lumps;
  std::vector<WavePart> wave_columns;  // [wave][x]; empty without undulations
  std::vector<WavePart> wave_rows;     // [wave][y]

  bool has_phase() const { return shape.has_film || !lumps.empty(); }
};

}  // namespace limpid
