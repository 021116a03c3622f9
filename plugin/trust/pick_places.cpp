#include "plugin/trust/pick_places.h"

#include <cmath>

namespace limpid {
namespace {

constexpr std::int64_t random_count = 1000;
constexpr double window_per_diameter = 1.5;
constexpr std::size_t least_picks = 4;

// Odd, so that a pick is in the middle.
std::int64_t odd_side(double side_px) {
  return 2 * static_cast<std::int64_t>(std::lround(side_px / 2)) + 1;
}

}  // namespace

PickPlaces choose_pick_places(const std::vector<PickPosition>& picks,
                              const Image& micrograph,
                              double particle_diameter_angstrom,
                              double pixel_size_angstrom,
                              std::uint64_t seed) {
  PickPlaces places;
  places.window_px =
      odd_side(window_per_diameter * particle_diameter_angstrom / pixel_size_angstrom);
  const std::int64_t width = micrograph.width(), height = micrograph.height();
  places.picked = places_inside(picks, width, height, places.window_px);
  if (places.picked.size() < least_picks)
    places.picked.clear();
  places.random = random_places(width, height, places.window_px, random_count, seed);
  return places;
}

}  // namespace limpid
