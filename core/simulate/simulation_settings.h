#pragma once

#include "core/simulate/ctf.h"
#include "core/simulate/detector.h"
#include "core/simulate/landscape.h"
#include "core/simulate/motion.h"
#include "core/simulate/specimen.h"

#include <cstdint>

namespace limpid {

// Everything that decides how one micrograph comes about, except chance.
struct SimulationSettings {
  std::int64_t width = 1024;
  std::int64_t height = 1024;
  double pixel_size_angstrom = 1.06;
  double exposure_e_per_a2 = 42;  // on the specimen, in all frames
  int frame_count = 24;
  CtfParameters ctf;
  SpecimenSettings specimen;
  Illumination illumination;
  DetectorSettings detector;
  MotionSettings motion;
  bool has_radiation_damage = true;
  bool has_ice_noise = true;
  // Gives the movie, too; takes as long again for each few frames.
  bool keeps_frames = false;
  // Otherwise the frames move as the specimen does.
  bool aligns_frames = true;
};

// Throws Error (usage) that names the setting, its value and what is expected.
void check_settings(const SimulationSettings& settings, std::size_t structure_count);

}  // namespace limpid
