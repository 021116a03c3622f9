#include "core/simulate/specimen.h"

#include "core/base/error.h"
#include "core/simulate/procedural_structure.h"
#include "tests/support/catch.h"

#include <algorithm>
#include <cmath>
#include <numbers>

using namespace limpid;

namespace {

Structure small_protein() {
  RandomSequence random(6, 1);
  MacromoleculeRecipe recipe;
  recipe.mass_kda = 80;
  return build_macromolecule(recipe, random);
}

const FieldGrid field{1000, 1000, 2, 50, 50, 900, 900};

std::vector<Placement> place(const SpecimenSettings& specimen,
                             std::span<const Structure> structures,
                             std::uint64_t stream = 1) {
  RandomSequence random(7, stream);
  return place_particles(specimen, field, structures, random);
}

}  // namespace

TEST_CASE("specimen: as much of the area is covered as asked for") {
  const Structure structure = small_protein();
  const double radius = packing_radius_angstrom(structure);
  SpecimenSettings specimen;
  for (const double coverage : {0.05, 0.3}) {
    specimen.coverage = coverage;
    const auto particles = place(specimen, {&structure, 1});
    const double covered = static_cast<double>(particles.size()) * std::numbers::pi * radius *
                           radius / (2000.0 * 2000.0);
    CHECK(covered == Approx(coverage).epsilon(0.1));
  }
  specimen.coverage = 0;
  CHECK(place(specimen, {&structure, 1}).empty());
  specimen.coverage = 0.3;
  CHECK(place(specimen, {}).empty());
}

TEST_CASE("specimen: particles stay inside of the ice, at its faces when they like them") {
  const Structure structure = small_protein();
  SpecimenSettings specimen;
  specimen.ice.thickness_angstrom = 600;
  specimen.interface_fraction = 0;
  double largest = 0;
  for (const auto& particle : place(specimen, {&structure, 1}))
    largest = std::max<double>(largest, std::abs(particle.position_angstrom.z()));
  CHECK(largest < 300);
  CHECK(largest > 150);
  specimen.interface_fraction = 1;
  double smallest = 1e9;
  for (const auto& particle : place(specimen, {&structure, 1}))
    smallest = std::min<double>(smallest, std::abs(particle.position_angstrom.z()));
  CHECK(smallest > 200);
}

TEST_CASE("specimen: what is taller than the ice lies down") {
  Structure rod;
  for (int z = -150; z <= 150; ++z)
    rod.add({0, 0, static_cast<float>(z)}, AtomKind::carbon);
  SpecimenSettings specimen;
  specimen.ice.thickness_angstrom = 100;
  for (const auto& particle : place(specimen, {&rod, 1})) {
    const double tilt_of_axis = std::abs(rotation_matrix(particle.angles)(2, 2));
    CHECK(tilt_of_axis < 0.6);
  }
}

TEST_CASE("specimen: abundances decide how many of each there are") {
  const std::vector<Structure> two = {small_protein(), small_protein()};
  SpecimenSettings specimen;
  specimen.coverage = 0.5;
  specimen.abundances = {1, 9};
  const auto particles = place(specimen, two);
  const auto rare = std::count_if(
      particles.begin(), particles.end(), [](const Placement& p) { return p.structure == 0; });
  CHECK(static_cast<double>(rare) / static_cast<double>(particles.size()) ==
        Approx(0.1).margin(0.06));
}

TEST_CASE("specimen: thickness follows gradient and meniscus") {
  IceLayer ice;
  ice.thickness_angstrom = 500;
  ice.gradient_x = 0.2;
  ice.meniscus = 0.1;
  CHECK(ice_thickness_angstrom(ice, 0.5, 0.5) == Approx(500));
  CHECK(ice_thickness_angstrom(ice, 1, 1) == Approx(500 * 1.2));
  CHECK(ice_thickness_angstrom(ice, 0, 0) == Approx(500 * 1.0));
  ice.gradient_x = -10;
  CHECK(ice_thickness_angstrom(ice, 1, 0.5) == Approx(50));
}

TEST_CASE("specimen: settings without meaning are refused by name") {
  SpecimenSettings specimen;
  specimen.coverage = 2;
  CHECK_THROWS_WITH(check_specimen(specimen, 1), ContainsSubstring("the coverage cannot be 2"));
  specimen = {};
  specimen.ice.thickness_angstrom = -1;
  CHECK_THROWS_WITH(check_specimen(specimen, 1), ContainsSubstring("ice thickness"));
  specimen = {};
  specimen.abundances = {1, 2};
  CHECK_THROWS_WITH(check_specimen(specimen, 3), ContainsSubstring("2 abundances for 3"));
  specimen.abundances = {0, 0};
  CHECK_THROWS_AS(check_specimen(specimen, 2), Error);
}
