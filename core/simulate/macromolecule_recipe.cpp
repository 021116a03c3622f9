#include "core/simulate/macromolecule_recipe.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace limpid {

MacromoleculeRecipe draw_recipe(const RecipeRange& range, RandomSequence& random) {
  MacromoleculeRecipe recipe;
  const auto draw_mass = [&](double low, double high) {
    low = std::clamp(low, range.smallest_mass_kda, range.largest_mass_kda);
    high = std::clamp(high, low, range.largest_mass_kda);
    return std::exp(random.uniform(std::log(low), std::log(high)));
  };
  recipe.helix_fraction = random.uniform();
  if (random.uniform() < range.filament_fraction) {
    recipe.architecture = Architecture::filament;
    recipe.mass_kda = random.uniform(20, 120);
    recipe.filament_length_angstrom = random.uniform(600, 4000);
    return recipe;
  }
  const double u = random.uniform();
  if (u < 0.25) {
    recipe.architecture = Architecture::globular;
    recipe.mass_kda = draw_mass(60, 600);
  } else if (u < 0.55) {
    recipe.architecture = Architecture::oligomer;
    static constexpr std::array<int, 10> orders = {2, 2, 3, 3, 4, 4, 5, 6, 7, 12};
    recipe.symmetry_order = orders[static_cast<std::size_t>(random.below(10))];
    recipe.has_dihedral_symmetry = recipe.symmetry_order < 8 && random.uniform() < 0.5;
    const double copies = recipe.symmetry_order * (recipe.has_dihedral_symmetry ? 2 : 1);
    recipe.mass_kda = draw_mass(20 * copies, 110 * copies);
  } else if (u < 0.70) {
    recipe.architecture = Architecture::cage;
    static constexpr std::array<int, 4> subunits = {12, 24, 24, 60};
    recipe.symmetry_order = subunits[static_cast<std::size_t>(random.below(4))];
    recipe.mass_kda = draw_mass(14.0 * recipe.symmetry_order, 40.0 * recipe.symmetry_order);
  } else if (u < 0.74) {
    recipe.architecture = Architecture::virus;
    recipe.symmetry_order = 60;
    recipe.mass_kda = draw_mass(1000, 4000);
  } else if (u < 0.86) {
    recipe.architecture = Architecture::nucleoprotein;
    recipe.mass_kda = draw_mass(300, 3500);
  } else if (u < 0.97) {
    recipe.architecture = Architecture::membrane_protein;
    recipe.symmetry_order = 1 + static_cast<int>(random.below(5));
    recipe.mass_kda = draw_mass(80, 600);
  } else {
    recipe.architecture = Architecture::duplex;
    recipe.mass_kda = draw_mass(20, 150);
  }
  return recipe;
}

}  // namespace limpid
