#include "core/simulate/procedural_structure.h"

#include "core/simulate/domain.h"
#include "core/simulate/molecular_matter.h"
#include "core/simulate/orientation.h"
#include "core/simulate/symmetry.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace limpid {
namespace {

using Eigen::Matrix3f;
using Eigen::Vector3f;

constexpr float pi = std::numbers::pi_v<float>;

float uniform(RandomSequence& random, double low, double high) {
  return static_cast<float>(random.uniform(low, high));
}

void move(std::vector<Domain>& domains, const Vector3f& shift) {
  for (Domain& domain : domains)
    domain.centre += shift;
}

Structure build_globular(const MacromoleculeRecipe& recipe, RandomSequence& random) {
  Structure structure;
  const auto domains = cluster_domains(recipe.mass_kda, random.uniform(20, 60), 1, random);
  fill_domains(structure, domains, UnitCell(domains, {}), recipe.helix_fraction, random);
  return structure;
}

Structure build_oligomer(const MacromoleculeRecipe& recipe, RandomSequence& random) {
  const int order = std::max(1, recipe.symmetry_order);
  const auto symmetry =
      recipe.has_dihedral_symmetry ? dihedral_symmetry(order) : cyclic_symmetry(order);
  auto domains = cluster_domains(recipe.mass_kda / static_cast<double>(symmetry.size()),
                                 random.uniform(20, 50),
                                 uniform(random, 0.5, 2.5),
                                 random);
  // Units touch round the axis; rings with a wider radius have a hole.
  const Vector3f to_neighbour = order == 2 ? Vector3f(-Vector3f::UnitX()) : Vector3f::UnitY();
  const float width = 0.5f * (extent(domains, to_neighbour) +
                              extent(domains, order == 2 ? to_neighbour : -to_neighbour));
  const float radius =
      order == 1 ? 0 : uniform(random, 0.8, 1.0) * width / std::sin(pi / static_cast<float>(order));
  const float half_height =
      recipe.has_dihedral_symmetry ? 0.9f * extent(domains, -Vector3f::UnitZ()) : 0;
  move(domains, Vector3f(radius, 0.2f * width, half_height) - mean_centre(domains));
  Structure structure;
  fill_domains(structure, domains, UnitCell(domains, symmetry), recipe.helix_fraction, random);
  replicate(structure, symmetry);
  return structure;
}

SymmetryOperators cage_symmetry(int subunits) {
  if (subunits <= 12)
    return tetrahedral_symmetry();
  return subunits <= 24 ? octahedral_symmetry() : icosahedral_symmetry();
}

// Nucleic acid packed in a sphere: duplexes run side by side over some 50 A and then turn.
void fill_with_tangle(Structure& structure, float radius, RandomSequence& random) {
  constexpr float patch_radius = 40;
  std::vector<Vector3f> seeds;
  const int count = std::max(4, static_cast<int>(std::pow(radius / patch_radius, 3.0f)));
  for (int i = 0; i < count; ++i) {
    const float distance = radius * std::cbrt(uniform(random, 0, 1));
    seeds.push_back(distance * draw_direction(random));
  }
  for (std::size_t own = 0; own < seeds.size(); ++own) {
    FillVolume volume{seeds[own], 2 * patch_radius, {}};
    volume.inside = [&](const Vector3f& position) {
      if (position.squaredNorm() > radius * radius)
        return false;
      const float to_own = (position - seeds[own]).squaredNorm();
      for (const Vector3f& seed : seeds)
        if ((position - seed).squaredNorm() < to_own)
          return false;
      return true;
    };
    fill_with_nucleic_acid(structure, volume, draw_rotation(random), random);
  }
}

Structure build_cage(const MacromoleculeRecipe& recipe, RandomSequence& random) {
  const auto symmetry = cage_symmetry(recipe.symmetry_order);
  const double unit_kda = recipe.mass_kda / static_cast<double>(symmetry.size());
  Domain domain = make_domain(unit_kda, Matter::protein, random);
  // A shell of thickness h holds the units: 4 pi R^2 h 0.85 = n V.
  const float volume = static_cast<float>(1000 * unit_kda * protein_a3_per_dalton);
  const float thickness = std::cbrt(volume) * uniform(random, 0.6, 1.0);
  const float area = volume / (0.85f * thickness);
  const float shell_radius = std::sqrt(static_cast<float>(symmetry.size()) * area / (4 * pi));
  const float lateral = std::sqrt(area / pi) * uniform(random, 0.95, 1.25);
  domain.centre = shell_radius * draw_direction(random);
  const Vector3f outward = domain.centre.normalized();
  const Vector3f sideways = outward.unitOrthogonal();
  domain.axes.col(0) = sideways;
  domain.axes.col(1) = outward.cross(sideways);
  domain.axes.col(2) = outward;
  domain.semi_axes = Vector3f(lateral, lateral, 0.62f * thickness);
  std::vector<Domain> domains = {domain};
  if (random.uniform() < 0.3) {
    Domain spike = make_domain(0.4 * unit_kda, Matter::protein, random);
    spike.centre = domain.centre + (0.6f * thickness + spike.mean_radius()) * outward;
    domains.push_back(spike);
  }
  Structure structure;
  fill_domains(structure, domains, UnitCell(domains, symmetry), recipe.helix_fraction, random);
  replicate(structure, symmetry);
  const float cavity = shell_radius - 0.62f * thickness - 6;
  if (recipe.architecture == Architecture::virus && cavity > 30) {
    fill_with_tangle(structure, cavity, random);
  }
  return structure;
}

Structure build_nucleoprotein(const MacromoleculeRecipe& recipe, RandomSequence& random) {
  auto domains = cluster_domains(recipe.mass_kda, std::max(45.0, recipe.mass_kda / 24), 1, random);
  const double mean_mass = recipe.mass_kda / static_cast<double>(domains.size());
  // Nucleic acid in the middle of the cluster, proteins outside.
  const Vector3f middle = mean_centre(domains);
  std::sort(domains.begin(), domains.end(), [&](const Domain& a, const Domain& b) {
    return (a.centre - middle).squaredNorm() < (b.centre - middle).squaredNorm();
  });
  const auto cores = static_cast<std::size_t>(0.6 * static_cast<double>(domains.size())) + 1;
  for (std::size_t i = 0; i < std::min(cores, domains.size()); ++i) {
    const Vector3f place = domains[i].centre;
    domains[i] = make_domain(mean_mass, Matter::nucleic_acid, random);
    domains[i].centre = place;
  }
  Structure structure;
  fill_domains(structure, domains, UnitCell(domains, {}), recipe.helix_fraction, random);
  return structure;
}

Structure build_membrane_protein(const MacromoleculeRecipe& recipe, RandomSequence& random) {
  const auto symmetry = cyclic_symmetry(std::max(1, recipe.symmetry_order));
  const double unit_kda = recipe.mass_kda / static_cast<double>(symmetry.size());
  const bool has_outer_domain = random.uniform() < 0.7;
  const double bundle_kda = unit_kda * (has_outer_domain ? random.uniform(0.3, 0.7) : 1.0);
  Domain bundle = make_domain(bundle_kda, Matter::protein, random);
  const float half_height = 24;
  const float volume = static_cast<float>(1000 * bundle_kda * protein_a3_per_dalton);
  const float width = std::sqrt(3 * volume / (4 * pi * half_height));
  bundle.axes = Matrix3f::Identity();
  bundle.semi_axes = Vector3f(width, width, half_height);
  if (symmetry.size() > 1)
    bundle.centre.x() = 0.95f * width / std::sin(pi / static_cast<float>(symmetry.size()));
  std::vector<Domain> domains = {bundle};
  if (has_outer_domain) {
    Domain outer = make_domain(unit_kda - bundle_kda, Matter::protein, random);
    outer.centre =
        bundle.centre + Vector3f(0, 0.2f * width, half_height + 0.8f * outer.mean_radius());
    domains.push_back(outer);
  }
  Structure structure;
  fill_domains(structure, domains, UnitCell(domains, symmetry), recipe.helix_fraction, random);
  replicate(structure, symmetry);

  const float protein_radius = bundle.centre.norm() + width;
  const float disc_radius = protein_radius + uniform(random, 10, 25);
  // A disc held by a scaffold has an upright rim, a detergent micelle a round one.
  const bool is_micelle = random.uniform() < 0.5;
  FillVolume belt;
  belt.radius = disc_radius;
  belt.inside = [&](const Vector3f& position) {
    const float level = position.z() / 23;
    const float rim = is_micelle ? disc_radius - 18 * level * level : disc_radius;
    if (position.head<2>().norm() > rim)
      return false;
    for (const auto& motion : symmetry)
      if (bundle.level(motion.inverse() * position) < 1.08f)
        return false;
    return true;
  };
  fill_with_lipid(structure, belt, random);
  return structure;
}

Structure build_filament(const MacromoleculeRecipe& recipe, RandomSequence& random) {
  Domain domain = make_domain(recipe.mass_kda, Matter::protein, random);
  const float unit_radius = domain.mean_radius();
  const float volume = static_cast<float>(1000 * recipe.mass_kda * protein_a3_per_dalton);
  // Subunits fill 75 % of a tube between the inner and the outer radius.
  const float inner = random.uniform() < 0.4 ? unit_radius * uniform(random, 0.5, 3.0) : 0;
  const float outer = inner + unit_radius * uniform(random, 1.2, 2.0);
  const float rise = volume / (0.75f * pi * (outer * outer - inner * inner));
  const double twist = random.uniform(20, 340);
  const int reach = std::clamp(static_cast<int>(3 * outer / rise), 6, 60);
  domain.centre = Vector3f(0.5f * (inner + outer), 0, 0);
  domain.semi_axes *= 1.15f;
  const std::vector<Domain> domains = {domain};
  const UnitCell cell(domains, helical_symmetry(2 * reach + 1, rise, twist));
  Structure structure;
  structure.lies_flat = true;
  fill_domains(structure, domains, cell, recipe.helix_fraction, random);
  const int copies = std::clamp(static_cast<int>(recipe.filament_length_angstrom / rise), 8, 3000);
  // In order along the axis, so that neighbours in memory are neighbours in space.
  SymmetryOperators along = helical_symmetry(copies, rise, twist);
  const Structure unit = structure;
  structure.positions.clear();
  structure.kinds.clear();
  std::sort(along.begin(), along.end(), [](const auto& a, const auto& b) {
    return a.translation().z() < b.translation().z();
  });
  for (const auto& motion : along)
    for (std::size_t i = 0; i < unit.size(); ++i)
      structure.add(motion * unit.positions[i], unit.kinds[i]);
  return structure;
}

Structure build_duplex(const MacromoleculeRecipe& recipe, RandomSequence& random) {
  // 650 Da a base pair, one base pair in 2.8 A.
  const float half_length =
      0.5f * 2.8f * static_cast<float>(std::min(1000 * recipe.mass_kda / 650, 300.0));
  const FillVolume rod{Vector3f::Zero(), half_length, [half_length](const Vector3f& position) {
                         return std::abs(position.z()) < half_length &&
                                position.head<2>().norm() < 8;
                       }};
  Matrix3f axes;
  axes << 0, 1, 0, 0, 0, 1, 1, 0, 0;
  Structure structure;
  fill_with_nucleic_acid(structure, rod, axes, random);
  structure.lies_flat = half_length > 150;
  return structure;
}

Structure build(const MacromoleculeRecipe& recipe, RandomSequence& random) {
  switch (recipe.architecture) {
    case Architecture::oligomer:
      return build_oligomer(recipe, random);
    case Architecture::cage:
    case Architecture::virus:
      return build_cage(recipe, random);
    case Architecture::nucleoprotein:
      return build_nucleoprotein(recipe, random);
    case Architecture::membrane_protein:
      return build_membrane_protein(recipe, random);
    case Architecture::filament:
      return build_filament(recipe, random);
    case Architecture::duplex:
      return build_duplex(recipe, random);
    case Architecture::globular:
      break;
  }
  return build_globular(recipe, random);
}

const char* name_of(Architecture architecture) {
  static constexpr std::array<const char*, 8> names = {"globular",
                                                       "oligomer",
                                                       "cage",
                                                       "virus",
                                                       "nucleoprotein",
                                                       "membrane protein",
                                                       "filament",
                                                       "duplex"};
  return names[static_cast<std::size_t>(architecture)];
}

}  // namespace

Structure build_macromolecule(const MacromoleculeRecipe& recipe, RandomSequence& random) {
  Structure structure = build(recipe, random);
  structure.name =
      fmt::format("{} of {:.0f} kDa", name_of(recipe.architecture), mass_dalton(structure) / 1000);
  centre(structure);
  return structure;
}

}  // namespace limpid
