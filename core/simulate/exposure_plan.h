#pragma once

#include "core/simulate/ctf.h"
#include "core/simulate/exposure_parts.h"
#include "core/simulate/field_grid.h"
#include "core/simulate/landscape_plan.h"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace limpid {

struct SimulationSettings;
struct Structure;

// What an image is computed from once everything that is cheap and has a structure is done: lists,
// tables and numbers, in the memory of the host. core/simulate/exposure_steps.h says how.
struct ExposurePlan {
  FieldGrid field;
  std::uint64_t seed = 0;
  std::uint64_t micrograph_index = 0;

  std::vector<PlannedScatterer> scatterers;  // of all structures
  std::vector<PlannedParticle> particles;
  std::int64_t place_count = 0;  // scatterers of all particles
  std::int64_t first_slab = 0;
  std::int64_t slab_count = 0;  // 0 without particles
  double slab_thickness_angstrom = 1;
  // Sums of weights are integers in units of this, for an order of additions that does not matter.
  float weight_quantum[2] = {1, 1};
  std::vector<std::array<float, 3>> scattering_rows;  // the third is 0
  std::vector<float> kernel_of_columns;
  std::vector<float> kernel_of_rows;

  CtfPhase phase;
  double alpha = 0;
  double ice_thickness_angstrom = 0;
  bool has_ice_noise = true;
  float even_share = 0.5f;
  std::vector<std::array<float, HalfColumn::count>> half_rows;
  std::vector<std::array<float, 1>> grain_rows;  // empty without grain

  LandscapePlan landscape;
  double electrons[2] = {};  // of a pixel in an empty beam, in each half
  double truth_scale = 1;    // values of the truth for such a pixel

  double detected_fraction = 1;
  std::uint64_t half_streams[2] = {};
  bool records_field = false;           // with its margin, since electrons spread after detection
  std::vector<float> energy_quantiles;  // empty when counting
  std::vector<float> noise_blur;        // empty without blur
  double read_noise[2] = {};
  std::vector<PlannedHotPixel> hot_pixels;
  double gain_rms = 0;
  double gain_pixel_share = 1;
  std::uint64_t camera_seed = 0;
  std::vector<double> column_gain;  // empty when the gain is perfect
  float adu_per_electron = 1;
};

// Of the micrograph that simulate_micrograph() makes from the same, without its movie. Structures
// of a density map are not supported. Throws Error (usage) as that does.
ExposurePlan plan_exposure(const SimulationSettings& settings,
                           std::span<const Structure> structures,
                           std::uint64_t seed,
                           std::uint64_t micrograph_index);

}  // namespace limpid
