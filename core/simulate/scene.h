#pragma once

#include "core/simulate/landscape.h"
#include "core/simulate/motion.h"
#include "core/simulate/placement.h"
#include "core/simulate/simulation_settings.h"
#include "core/simulate/structure.h"

#include <cstdint>
#include <span>
#include <vector>

namespace limpid {

// What stands before the beam, and where.
struct Scene {
  FieldGrid field;
  std::vector<Placement> particles;
  LandscapePlan landscape;
  FrameMotion motion;
};

// The plane to simulate for an image: a margin as wide as the fringes of features down to
// 1 / (8 A), and a size that transforms fast.
FieldGrid make_field(const SimulationSettings& settings);

Scene make_scene(const SimulationSettings& settings,
                 std::span<const Structure> structures,
                 std::uint64_t seed,
                 std::uint64_t micrograph_index);

}  // namespace limpid
