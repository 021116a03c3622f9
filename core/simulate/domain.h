#pragma once

#include "core/base/random.h"
#include "core/simulate/structure.h"
#include "core/simulate/symmetry.h"

#include <array>
#include <vector>

namespace limpid {

enum class Matter { protein, nucleic_acid };

// A compact piece of a procedural macromolecule: an ellipsoid with a bumpy surface. Lengths in
// angstrom.
struct Domain {
  Eigen::Vector3f centre = Eigen::Vector3f::Zero();
  Eigen::Vector3f semi_axes = Eigen::Vector3f::Ones();
  Eigen::Matrix3f axes = Eigen::Matrix3f::Identity();
  std::array<Eigen::Vector3f, 4> bump_directions{};
  std::array<float, 4> bump_phases{};
  Matter matter = Matter::protein;

  float mean_radius() const;
  // Below 1 inside, 1 on the surface.
  float level(const Eigen::Vector3f& position) const;
};

// Volume of protein of one dalton, from 1.35 g/cm^3.
inline constexpr double protein_a3_per_dalton = 1.23;

Eigen::Matrix3f draw_rotation(RandomSequence& random);

Domain make_domain(double mass_kda, Matter matter, RandomSequence& random);

// Domains of about `domain_kda` that touch: each new one sits on a random earlier one. A
// `flattening` below 1 keeps the cluster near a plane normal to z, above 1 draws it along z.
std::vector<Domain> cluster_domains(double mass_kda,
                                    double domain_kda,
                                    float flattening,
                                    RandomSequence& random);

Eigen::Vector3f mean_centre(const std::vector<Domain>& domains);

// How far the cluster reaches from its centre in a direction.
float extent(const std::vector<Domain>& domains, const Eigen::Vector3f& direction);

// The space between the planes halfway between a unit and its copies: what lies beyond belongs to a
// neighbour.
class UnitCell {
 public:
  UnitCell(const std::vector<Domain>& domains, const SymmetryOperators& symmetry);
  bool contains(const Eigen::Vector3f& position) const;

 private:
  std::vector<Eigen::Vector3f> normals_;
  std::vector<float> offsets_;
};

// Fills the domains of a unit with atoms; where domains meet, the deeper one owns the place.
void fill_domains(Structure& structure,
                  const std::vector<Domain>& domains,
                  const UnitCell& cell,
                  double helix_fraction,
                  RandomSequence& random);

// Adds the copies of what is there.
void replicate(Structure& structure, const SymmetryOperators& symmetry);

}  // namespace limpid
