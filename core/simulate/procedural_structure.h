#pragma once

#include "core/base/random.h"
#include "core/simulate/macromolecule_recipe.h"
#include "core/simulate/structure.h"

namespace limpid {

// An atomic model that exists nowhere in nature but has the size, density, element composition,
// secondary-structure texture and symmetry of a real one; centred. Equal recipe and random numbers
// give equal atoms.
Structure build_macromolecule(const MacromoleculeRecipe& recipe, RandomSequence& random);

}  // namespace limpid
