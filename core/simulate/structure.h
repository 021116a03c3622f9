#pragma once

#include "core/simulate/scattering.h"

#include <Eigen/Geometry>

#include <array>
#include <cstddef>
#include <string>
#include <vector>

namespace limpid {

// A macromolecule: scatterers at positions in angstrom about its own origin.
struct Structure {
  std::string name;
  std::vector<Eigen::Vector3f> positions;
  std::vector<AtomKind> kinds;
  // Strength of each scatterer; empty means 1 for all. Only maps need it.
  std::vector<float> strengths;
  // Filaments and other long objects lie in the plane of the ice, their axis is the z axis here.
  bool lies_flat = false;

  std::size_t size() const { return positions.size(); }
  void add(const Eigen::Vector3f& position, AtomKind kind) {
    positions.push_back(position);
    kinds.push_back(kind);
  }
};

double mass_dalton(const Structure& structure);

std::array<double, atom_kind_count> count_kinds(const Structure& structure);

// Distance from the origin that holds 98 % of the scatterers: the size used to place it.
double packing_radius_angstrom(const Structure& structure);

// Moves the centre of the scatterers (weighted by strength) to the origin.
void centre(Structure& structure);

// Potential above that of ice, summed over space, in V A^3: 47.878 times the contrast form factor
// at frequency 0. Negative for holes.
double integrated_contrast_v_a3(const Structure& structure);

}  // namespace limpid
