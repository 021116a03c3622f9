#pragma once

#include "core/image/image.h"
#include "core/metrics/pick_residual.h"

#include <cstdint>
#include <vector>

namespace limpid {

// Where to look for particles in what was removed from one micrograph.
struct PickPlaces {
  std::int64_t window_px = 0;        // 1.5 particle diameters, an odd number
  std::vector<PickPosition> picked;  // windows inside the image; none if there are fewer than four
  std::vector<PickPosition> random;  // for comparison
};

PickPlaces choose_pick_places(const std::vector<PickPosition>& picks,
                              const Image& micrograph,
                              double particle_diameter_angstrom,
                              double pixel_size_angstrom,
                              std::uint64_t seed);

}  // namespace limpid
