#pragma once

#include "core/base/random.h"
#include "core/simulate/field_grid.h"
#include "core/simulate/ice_layer.h"
#include "core/simulate/orientation.h"
#include "core/simulate/placement.h"
#include "core/simulate/structure.h"

#include <cstdint>
#include <span>
#include <vector>

namespace limpid {

// The edge of a holey carbon film that reaches into the image: carbon lies outside of a circle.
struct CarbonEdge {
  double thickness_angstrom = 0;  // 0: no film
  double hole_radius_angstrom = 6000;
  // Distance from the middle of the image to the edge, and the direction to it. Negative: the
  // middle lies on the film.
  double distance_angstrom = 300;
  double direction_degrees = 0;
};

// Lumps on the specimen: frost (crystalline ice, dark, with straight sides) and round droplets of
// ethane.
struct Contamination {
  int frost_count = 0;
  int droplet_count = 0;
  double smallest_radius_angstrom = 50;
  double largest_radius_angstrom = 800;
};

struct SpecimenSettings {
  IceLayer ice;
  CarbonEdge carbon;
  Contamination contamination;
  // Fraction of the area that the particles would cover side by side: 0 none, 0.1 sparse, 0.5
  // crowded, 0.8 close-packed. In thick ice they overlap in projection; in space they do not.
  double coverage = 0.2;
  // Fraction of the particles that touch one of the two surfaces of the ice.
  double interface_fraction = 0.5;
  ViewDistribution views;
  // Relative numbers of the structures; empty means equal.
  std::vector<double> abundances;
};

// Throws Error (usage) for values without meaning.
void check_specimen(const SpecimenSettings& specimen, std::size_t structure_count);

// Particles in the whole periodic field, margin included. Random places are relaxed until no two
// particles overlap in space; those that find no room are dropped. Objects that are taller than the
// ice lie down as far as they can.
std::vector<Placement> place_particles(const SpecimenSettings& specimen,
                                       const FieldGrid& field,
                                       std::span<const Structure> structures,
                                       RandomSequence& random);

}  // namespace limpid
