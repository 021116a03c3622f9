#include "core/simulate/structure.h"

#include <algorithm>
#include <cmath>

namespace limpid {
namespace {

float strength(const Structure& structure, std::size_t i) {
  return structure.strengths.empty() ? 1.0f : structure.strengths[i];
}

}  // namespace

std::array<double, atom_kind_count> count_kinds(const Structure& structure) {
  std::array<double, atom_kind_count> counts{};
  for (AtomKind kind : structure.kinds)
    counts[static_cast<std::size_t>(kind)] += 1;
  return counts;
}

double mass_dalton(const Structure& structure) {
  const auto counts = count_kinds(structure);
  double mass = 0;
  for (std::size_t kind = 0; kind < atom_kind_count; ++kind)
    mass += counts[kind] * atom_mass_dalton(static_cast<AtomKind>(kind));
  return mass;
}

double packing_radius_angstrom(const Structure& structure) {
  if (structure.positions.empty())
    return 0;
  std::vector<float> squared(structure.size());
  std::transform(structure.positions.begin(),
                 structure.positions.end(),
                 squared.begin(),
                 [](const Eigen::Vector3f& position) { return position.squaredNorm(); });
  const auto rank = static_cast<std::ptrdiff_t>(0.98 * static_cast<double>(squared.size() - 1));
  std::nth_element(squared.begin(), squared.begin() + rank, squared.end());
  return std::sqrt(static_cast<double>(squared[static_cast<std::size_t>(rank)])) + 1.7;
}

void centre(Structure& structure) {
  Eigen::Vector3d sum = Eigen::Vector3d::Zero();
  double total = 0;
  for (std::size_t i = 0; i < structure.size(); ++i) {
    sum += strength(structure, i) * structure.positions[i].cast<double>();
    total += strength(structure, i);
  }
  if (total <= 0)
    return;
  const Eigen::Vector3f middle = (sum / total).cast<float>();
  for (Eigen::Vector3f& position : structure.positions)
    position -= middle;
}

double integrated_contrast_v_a3(const Structure& structure) {
  double sum = 0;
  for (std::size_t i = 0; i < structure.size(); ++i)
    sum += strength(structure, i) * contrast_form_factor(structure.kinds[i], 0);
  return volts_per_form_factor * sum;
}

}  // namespace limpid
