#include "core/simulate/domain.h"

#include "core/simulate/molecular_matter.h"
#include "core/simulate/orientation.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace limpid {

using Eigen::Matrix3f;
using Eigen::Vector3f;

namespace {

constexpr double duplex_a3_per_dalton = 1.8;

float uniform(RandomSequence& random, double low, double high) {
  return static_cast<float>(random.uniform(low, high));
}

}  // namespace

float Domain::mean_radius() const {
  return std::cbrt(semi_axes.prod());
}

float Domain::level(const Vector3f& position) const {
  const Vector3f scaled = (axes.transpose() * (position - centre)).cwiseQuotient(semi_axes);
  const float distance = scaled.norm();
  if (distance > 1.6f || distance < 1e-6f)
    return distance;
  float bump = 1;
  for (std::size_t i = 0; i < bump_directions.size(); ++i)
    bump += 0.07f * std::cos(4 * scaled.dot(bump_directions[i]) / distance + bump_phases[i]);
  return distance / bump;
}

Matrix3f draw_rotation(RandomSequence& random) {
  return rotation_matrix(draw_orientation({}, random));
}

Domain make_domain(double mass_kda, Matter matter, RandomSequence& random) {
  const double volume =
      1000 * mass_kda * (matter == Matter::protein ? protein_a3_per_dalton : duplex_a3_per_dalton);
  const float radius = static_cast<float>(std::cbrt(3 * volume / (4 * std::numbers::pi)));
  Domain domain;
  domain.matter = matter;
  const float a = std::exp(uniform(random, -0.3, 0.3));
  const float b = std::exp(uniform(random, -0.3, 0.3));
  domain.semi_axes = radius * Vector3f(a, b, 1 / (a * b));
  domain.axes = draw_rotation(random);
  for (std::size_t i = 0; i < domain.bump_directions.size(); ++i) {
    domain.bump_directions[i] = draw_direction(random);
    domain.bump_phases[i] = uniform(random, 0, 2 * std::numbers::pi);
  }
  return domain;
}

std::vector<Domain> cluster_domains(double mass_kda,
                                    double domain_kda,
                                    float flattening,
                                    RandomSequence& random) {
  const int count = std::clamp(static_cast<int>(std::lround(mass_kda / domain_kda)), 1, 24);
  std::vector<Domain> domains;
  for (int i = 0; i < count; ++i) {
    Domain domain =
        make_domain(mass_kda / count * uniform(random, 0.7, 1.3), Matter::protein, random);
    if (i > 0) {
      const auto& anchor = domains[static_cast<std::size_t>(random.below(i))];
      Vector3f direction = draw_direction(random);
      direction.z() *= flattening;
      domain.centre = anchor.centre +
                      0.9f * (anchor.mean_radius() + domain.mean_radius()) * direction.normalized();
    }
    domains.push_back(domain);
  }
  return domains;
}

Vector3f mean_centre(const std::vector<Domain>& domains) {
  Vector3f sum = Vector3f::Zero();
  float total = 0;
  for (const Domain& domain : domains) {
    sum += domain.semi_axes.prod() * domain.centre;
    total += domain.semi_axes.prod();
  }
  return sum / total;
}

float extent(const std::vector<Domain>& domains, const Vector3f& direction) {
  const Vector3f middle = mean_centre(domains);
  float reach = 0;
  for (const Domain& domain : domains)
    reach = std::max(reach, (domain.centre - middle).dot(direction) + domain.mean_radius());
  return reach;
}

UnitCell::UnitCell(const std::vector<Domain>& domains, const SymmetryOperators& symmetry) {
  const Vector3f middle = mean_centre(domains);
  // Neighbouring molecules keep some 2.4 A of distance between their atoms.
  constexpr float half_gap = 1.2f;
  for (std::size_t i = 1; i < symmetry.size(); ++i) {
    const Vector3f other = symmetry[i] * middle;
    const float distance = (other - middle).norm();
    if (distance < 1)
      continue;
    normals_.push_back((other - middle) / distance);
    offsets_.push_back(0.5f * (other.squaredNorm() - middle.squaredNorm()) / distance - half_gap);
  }
}

bool UnitCell::contains(const Vector3f& position) const {
  for (std::size_t i = 0; i < normals_.size(); ++i)
    if (normals_[i].dot(position) > offsets_[i])
      return false;
  return true;
}

void fill_domains(Structure& structure,
                  const std::vector<Domain>& domains,
                  const UnitCell& cell,
                  double helix_fraction,
                  RandomSequence& random) {
  for (std::size_t own = 0; own < domains.size(); ++own) {
    const Domain& domain = domains[own];
    FillVolume volume;
    volume.centre = domain.centre;
    volume.radius = 1.3f * domain.semi_axes.maxCoeff();
    volume.inside = [&](const Vector3f& position) {
      const float level = domain.level(position);
      if (level > 1 || !cell.contains(position))
        return false;
      for (std::size_t other = 0; other < domains.size(); ++other)
        if (other != own && domains[other].level(position) < level)
          return false;
      return true;
    };
    const Matrix3f axes = draw_rotation(random);
    if (domain.matter == Matter::protein)
      fill_with_protein(structure, volume, axes, helix_fraction, random);
    else
      fill_with_nucleic_acid(structure, volume, axes, random);
  }
}

void replicate(Structure& structure, const SymmetryOperators& symmetry) {
  const std::size_t unit_size = structure.size();
  structure.positions.reserve(unit_size * symmetry.size());
  structure.kinds.reserve(unit_size * symmetry.size());
  for (std::size_t copy = 1; copy < symmetry.size(); ++copy)
    for (std::size_t i = 0; i < unit_size; ++i)
      structure.add(symmetry[copy] * structure.positions[i], structure.kinds[i]);
}

}  // namespace limpid
