#pragma once

#include "core/simulate/micrograph_simulator.h"
#include "core/simulate/procedural_structure.h"
#include "core/simulate/simulation_settings.h"

#include <cstdint>
#include <vector>

namespace limpid {

struct Interval {
  double low = 0;
  double high = 0;
};

// How different the micrographs of a random set are. The defaults span what microscopes produce for
// single-particle work, and some more.
struct DiversityRange {
  std::int64_t width = 1024;
  std::int64_t height = 1024;
  // Three in four micrographs take the usual exposure, the others one from the whole range.
  Interval usual_exposure_e_per_a2{25, 80};
  Interval exposure_e_per_a2{5, 160};
  // Drawn evenly, every other time evenly in the logarithm.
  Interval coverage{0.03, 0.75};
  // Drawn evenly in the logarithm.
  Interval pixel_size_angstrom{0.5, 2.5};
  Interval defocus_angstrom{3000, 40000};
  Interval ice_thickness_angstrom{100, 1000};
  // Drawn evenly.
  Interval amplitude_contrast{0.04, 0.15};
  Interval b_factor_angstrom2{20, 160};
  Interval surface_roughness_angstrom{0, 4};
  double fraction_at_200_kv = 0.35;
  double fraction_without_particles = 0.1;
  double fraction_integrating = 0.25;
  double fraction_with_phase_plate = 0.04;  // these have neither film nor dirt
  double fraction_with_carbon = 0.12;
  double fraction_with_contamination = 0.2;
  double fraction_with_gain_error = 0.3;
  double fraction_with_hot_pixels = 0.15;
  double fraction_with_preferred_views = 0.3;
  RecipeRange structures;
  // Scatterers cost about 60 ns each; crowded large particles are thinned out to this many.
  double largest_scatterer_count = 12e6;
};

// The default range for micrographs of this size.
DiversityRange diversity_of_size(std::int64_t width, std::int64_t height);

// Settings of micrograph `index`; they depend on (seed, index, range) only.
SimulationSettings draw_settings(std::uint64_t seed,
                                 std::uint64_t index,
                                 const DiversityRange& range);

// One to three procedural structures for micrograph `index`.
std::vector<Structure> draw_structures(std::uint64_t seed,
                                       std::uint64_t index,
                                       const DiversityRange& range);

// Memory that one micrograph takes while it is simulated, at most but for extremes: about ten
// images of the field, which is larger than the micrograph, times the slabs it is cut into.
std::size_t simulation_bytes(const DiversityRange& range);

// What stands for micrograph `index`: its settings, with no more particles than the range allows,
// and its structures, unless some are given.
struct RandomSubject {
  SimulationSettings settings;
  std::vector<Structure> structures;  // empty where some are given
};
RandomSubject draw_subject(std::uint64_t seed,
                           std::uint64_t index,
                           const DiversityRange& range,
                           std::span<const Structure> structures = {});

// Settings, structures and image in one. With `structures` given, those are used instead.
SimulatedMicrograph simulate_random_micrograph(std::uint64_t seed,
                                               std::uint64_t index,
                                               const DiversityRange& range,
                                               std::span<const Structure> structures = {},
                                               bool keeps_frames = false);

}  // namespace limpid
