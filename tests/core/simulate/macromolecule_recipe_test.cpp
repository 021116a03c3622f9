#include "core/simulate/macromolecule_recipe.h"

#include "tests/support/catch.h"

#include <array>
#include <cmath>

using namespace limpid;

TEST_CASE("macromolecule recipe: all kinds occur, masses stay in their range") {
  RecipeRange range;
  range.smallest_mass_kda = 100;
  range.largest_mass_kda = 1500;
  RandomSequence random(1, 1);
  std::array<int, 8> seen{};
  constexpr int draws = 4000;
  for (int i = 0; i < draws; ++i) {
    const MacromoleculeRecipe recipe = draw_recipe(range, random);
    ++seen[static_cast<std::size_t>(recipe.architecture)];
    if (recipe.architecture != Architecture::filament) {
      CHECK(recipe.mass_kda >= 99.9);
      CHECK(recipe.mass_kda <= 1500.1);
    }
    CHECK(recipe.symmetry_order >= 1);
  }
  for (int count : seen)
    CHECK(count > 0.01 * draws);
  const double filaments =
      seen[static_cast<std::size_t>(Architecture::filament)] / static_cast<double>(draws);
  CHECK(filaments == Approx(range.filament_fraction).margin(5 * std::sqrt(0.08 / draws)));
}
