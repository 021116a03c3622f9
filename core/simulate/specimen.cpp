#include "core/simulate/specimen.h"

#include "core/base/error.h"
#include "core/simulate/packing.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace limpid {
namespace {

using Eigen::Vector3f;

// What placing needs to know of a structure.
struct Footprint {
  double radius = 0;
  double area = 0;
};

Footprint footprint_of(const Structure& structure) {
  Footprint footprint;
  footprint.radius = packing_radius_angstrom(structure);
  footprint.area = std::numbers::pi * footprint.radius * footprint.radius;
  if (structure.lies_flat && structure.size() > 0) {
    double square_sum = 0;
    for (const Vector3f& position : structure.positions)
      square_sum += position.head<2>().squaredNorm();
    const double half_width = 1.4 * std::sqrt(square_sum / static_cast<double>(structure.size()));
    footprint.area = 4 * footprint.radius * half_width;
  }
  return footprint;
}

std::size_t draw_structure(const SpecimenSettings& specimen,
                           std::size_t structure_count,
                           RandomSequence& random) {
  if (specimen.abundances.empty())
    return static_cast<std::size_t>(random.below(static_cast<std::int64_t>(structure_count)));
  double total = 0;
  for (double abundance : specimen.abundances)
    total += abundance;
  double left = random.uniform() * total;
  for (std::size_t i = 0; i + 1 < structure_count; ++i) {
    left -= specimen.abundances[i];
    if (left < 0)
      return i;
  }
  return structure_count - 1;
}

// Largest height of the turned structure above its origin, from a sample of its atoms.
double half_height(const Structure& structure, const EulerAngles& angles) {
  const Eigen::RowVector3f up = rotation_matrix(angles).row(2);
  const std::size_t step = std::max<std::size_t>(1, structure.size() / 500);
  float highest = 0;
  for (std::size_t i = 0; i < structure.size(); i += step)
    highest = std::max(highest, std::abs(up.dot(structure.positions[i])));
  return highest;
}

// The view that fits the ice: the first, or the flattest of a few.
EulerAngles draw_fitting_orientation(const Structure& structure,
                                     const ViewDistribution& views,
                                     double thickness,
                                     RandomSequence& random) {
  if (structure.lies_flat)
    return draw_flat_orientation(3, random);
  EulerAngles best;
  double best_height = 1e30;
  for (int attempt = 0; attempt < 12; ++attempt) {
    const EulerAngles angles = draw_orientation(views, random);
    const double height = half_height(structure, angles);
    if (height < best_height) {
      best = angles;
      best_height = height;
    }
    if (best_height < 0.5 * thickness)
      break;
  }
  return best;
}

}  // namespace

void check_specimen(const SpecimenSettings& specimen, std::size_t structure_count) {
  const auto expect = [](bool condition, std::string_view what, double value) {
    if (!condition)
      fail(ErrorKind::usage, "specimen: {} cannot be {}", what, value);
  };
  expect(specimen.ice.thickness_angstrom > 0 && specimen.ice.thickness_angstrom < 1e5,
         "the ice thickness in angstrom",
         specimen.ice.thickness_angstrom);
  expect(specimen.coverage >= 0 && specimen.coverage <= 0.9, "the coverage", specimen.coverage);
  expect(specimen.interface_fraction >= 0 && specimen.interface_fraction <= 1,
         "the fraction at the interfaces",
         specimen.interface_fraction);
  expect(specimen.carbon.thickness_angstrom >= 0,
         "the carbon thickness in angstrom",
         specimen.carbon.thickness_angstrom);
  expect(specimen.views.concentration >= 0,
         "the concentration of views",
         specimen.views.concentration);
  if (!specimen.abundances.empty() && specimen.abundances.size() != structure_count)
    fail(ErrorKind::usage,
         "specimen: {} abundances for {} structures",
         specimen.abundances.size(),
         structure_count);
  double total = 0;
  for (double abundance : specimen.abundances) {
    expect(abundance >= 0, "an abundance", abundance);
    total += abundance;
  }
  expect(specimen.abundances.empty() || total > 0, "the sum of abundances", total);
}

std::vector<Placement> place_particles(const SpecimenSettings& specimen,
                                       const FieldGrid& field,
                                       std::span<const Structure> structures,
                                       RandomSequence& random) {
  if (structures.empty() || specimen.coverage <= 0)
    return {};
  std::vector<Footprint> footprints;
  for (const Structure& structure : structures)
    footprints.push_back(footprint_of(structure));
  const double width = static_cast<double>(field.width) * field.pixel_size_angstrom;
  const double height = static_cast<double>(field.height) * field.pixel_size_angstrom;

  std::vector<Placement> particles;
  std::vector<PackedSphere> spheres;
  double area_left = specimen.coverage * width * height;
  while (area_left > 0) {
    Placement particle;
    particle.structure = draw_structure(specimen, structures.size(), random);
    const Structure& structure = structures[particle.structure];
    const Footprint& footprint = footprints[particle.structure];
    const double x = random.uniform(0, width);
    const double y = random.uniform(0, height);
    const double thickness =
        ice_thickness_angstrom(specimen.ice,
                               field.fraction_x(x / field.pixel_size_angstrom),
                               field.fraction_y(y / field.pixel_size_angstrom));
    particle.angles = draw_fitting_orientation(structure, specimen.views, thickness, random);
    const double room = std::max(0.0, 0.5 * thickness - half_height(structure, particle.angles));
    const bool at_interface = random.uniform() < specimen.interface_fraction;
    const double level = random.uniform(-1, 1);
    const double z = room * (at_interface ? (level < 0 ? -1.0 : 1.0) : level);
    particle.position_angstrom = Eigen::Vector3d(x, y, z).cast<float>();
    // The last particle comes in proportion to the area that is left for it.
    if (footprint.area > area_left && random.uniform() > area_left / footprint.area)
      break;
    area_left -= footprint.area;
    particles.push_back(particle);
    PackedSphere sphere;
    sphere.centre = particle.position_angstrom;
    sphere.radius = structure.lies_flat ? 0 : static_cast<float>(footprint.radius);
    spheres.push_back(sphere);
  }
  const std::vector<std::size_t> kept =
      relax_packing(spheres, static_cast<float>(width), static_cast<float>(height));
  std::vector<Placement> packed;
  for (std::size_t i : kept) {
    packed.push_back(particles[i]);
    packed.back().position_angstrom = spheres[i].centre;
  }
  return packed;
}

}  // namespace limpid
