#include "core/simulate/procedural_structure.h"

#include "core/simulate/symmetry.h"
#include "tests/support/catch.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

using namespace limpid;

namespace {

MacromoleculeRecipe recipe_of(Architecture architecture, double mass_kda, int order = 1) {
  MacromoleculeRecipe recipe;
  recipe.architecture = architecture;
  recipe.mass_kda = mass_kda;
  recipe.symmetry_order = order;
  return recipe;
}

// Fraction of atoms that have a counterpart within 0.01 A after a motion.
double overlap_after(const Structure& structure, const Eigen::Isometry3f& motion) {
  const auto key = [](const Eigen::Vector3f& p) {
    return std::array<long, 3>{
        std::lround(p.x() * 20), std::lround(p.y() * 20), std::lround(p.z() * 20)};
  };
  std::set<std::array<long, 3>> cells;
  for (const auto& position : structure.positions)
    for (float dx : {-0.02f, 0.02f})
      for (float dy : {-0.02f, 0.02f})
        for (float dz : {-0.02f, 0.02f})
          cells.insert(key(position + Eigen::Vector3f(dx, dy, dz)));
  double found = 0;
  for (const auto& position : structure.positions)
    found += static_cast<double>(cells.count(key(motion * position)));
  return found / static_cast<double>(structure.size());
}

// Number of atoms in cubes of `edge` A that are well inside.
std::vector<double> counts_in_cubes(const Structure& structure, float edge, float radius) {
  std::map<std::array<long, 3>, double> cubes;
  for (const auto& p : structure.positions)
    cubes[{std::lround(p.x() / edge), std::lround(p.y() / edge), std::lround(p.z() / edge)}] += 1;
  std::vector<double> counts;
  for (const auto& [cube, count] : cubes) {
    const Eigen::Vector3f centre(static_cast<float>(cube[0]) * edge,
                                 static_cast<float>(cube[1]) * edge,
                                 static_cast<float>(cube[2]) * edge);
    if (centre.norm() < radius)
      counts.push_back(count);
  }
  return counts;
}

}  // namespace

TEST_CASE("procedural structure: masses come near the mass that was asked for") {
  for (const auto architecture : {Architecture::globular,
                                  Architecture::oligomer,
                                  Architecture::cage,
                                  Architecture::nucleoprotein,
                                  Architecture::virus}) {
    CAPTURE(static_cast<int>(architecture));
    double ratio = 0;
    constexpr int trials = 8;
    for (std::uint64_t i = 0; i < trials; ++i) {
      RandomSequence random(1, i);
      const int order = architecture == Architecture::globular ? 1
                        : architecture == Architecture::virus  ? 60
                                                               : 4;
      const Structure structure = build_macromolecule(recipe_of(architecture, 800, order), random);
      ratio += mass_dalton(structure) / 800e3 / trials;
    }
    // Neighbours carve each other; viruses hold nucleic acid besides.
    CHECK(ratio > 0.5);
    CHECK(ratio < (architecture == Architecture::virus ? 4 : 1.4));
  }
}

TEST_CASE("procedural structure: the inside of a protein is as dense as protein") {
  RandomSequence random(2, 1);
  MacromoleculeRecipe recipe = recipe_of(Architecture::globular, 60);
  const Structure structure = build_macromolecule(recipe, random);
  const auto counts = counts_in_cubes(structure, 8, 14);
  REQUIRE(counts.size() > 10);
  double mean = 0;
  for (double count : counts)
    mean += count / static_cast<double>(counts.size());
  // 0.81 Da/A^3 and 14.1 Da for each heavy atom with its hydrogens.
  CHECK(mean / 512 == Approx(0.81 / 14.1).epsilon(0.12));
}

TEST_CASE("procedural structure: oligomers and cages have their symmetry") {
  RandomSequence random(3, 1);
  MacromoleculeRecipe ring = recipe_of(Architecture::oligomer, 150, 7);
  ring.has_dihedral_symmetry = true;
  const Structure barrel = build_macromolecule(ring, random);
  for (const auto& motion : dihedral_symmetry(7))
    CHECK(overlap_after(barrel, motion) > 0.99);
  const Structure cage = build_macromolecule(recipe_of(Architecture::cage, 200, 24), random);
  for (const auto& motion : octahedral_symmetry())
    CHECK(overlap_after(cage, motion) > 0.99);
}

TEST_CASE("procedural structure: cages are hollow and filaments are long") {
  RandomSequence random(4, 1);
  const Structure cage = build_macromolecule(recipe_of(Architecture::cage, 600, 24), random);
  const double radius = packing_radius_angstrom(cage);
  const auto inside = std::count_if(
      cage.positions.begin(), cage.positions.end(), [&](const Eigen::Vector3f& position) {
        return position.norm() < 0.3 * radius;
      });
  CHECK(static_cast<double>(inside) < 0.005 * static_cast<double>(cage.size()));

  MacromoleculeRecipe recipe = recipe_of(Architecture::filament, 50);
  recipe.filament_length_angstrom = 1200;
  const Structure filament = build_macromolecule(recipe, random);
  CHECK(filament.lies_flat);
  float low = 0;
  float high = 0;
  for (const auto& position : filament.positions) {
    low = std::min(low, position.z());
    high = std::max(high, position.z());
  }
  CHECK(high - low == Approx(1200).epsilon(0.2));
}

TEST_CASE("procedural structure: every recipe of the range can be built, and again the same") {
  for (std::uint64_t i = 0; i < 60; ++i) {
    RandomSequence random(5, i);
    RecipeRange range;
    range.largest_mass_kda = 1000;
    MacromoleculeRecipe recipe = draw_recipe(range, random);
    recipe.filament_length_angstrom = 600;
    CAPTURE(i, static_cast<int>(recipe.architecture));
    const Structure structure = build_macromolecule(recipe, random);
    CHECK(structure.size() > 500);
    CHECK(structure.positions.size() == structure.kinds.size());
    bool is_finite = true;
    for (const auto& position : structure.positions)
      is_finite = is_finite && position.allFinite();
    CHECK(is_finite);
    if (i % 10 == 0) {
      RandomSequence again(5, i);
      MacromoleculeRecipe same = draw_recipe(range, again);
      same.filament_length_angstrom = 600;
      const Structure twin = build_macromolecule(same, again);
      REQUIRE(twin.size() == structure.size());
      CHECK(twin.positions.back() == structure.positions.back());
    }
  }
}
