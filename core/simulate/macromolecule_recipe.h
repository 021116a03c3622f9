#pragma once

#include "core/base/random.h"

namespace limpid {

// What a procedural macromolecule is built like.
enum class Architecture {
  globular,          // a cluster of domains without symmetry
  oligomer,          // cyclic or dihedral rings, barrels and clusters
  cage,              // a hollow shell with tetrahedral, octahedral or icosahedral symmetry
  virus,             // an icosahedral shell filled with nucleic acid
  nucleoprotein,     // duplexes of RNA with protein around, as in a ribosome
  membrane_protein,  // a transmembrane bundle in a disc of lipid, with or without outer domains
  filament,          // helical symmetry, solid or hollow
  duplex,            // a rod of nucleic acid
};

struct MacromoleculeRecipe {
  Architecture architecture = Architecture::globular;
  // Of the protein and nucleic acid asked for; what comes out differs by some 20 %, because
  // neighbours cut each other's edges. Filaments use it for one subunit.
  double mass_kda = 200;
  // Oligomers: order of the main axis. Cages: 12, 24 or 60 subunits.
  int symmetry_order = 1;
  bool has_dihedral_symmetry = false;
  double helix_fraction = 0.6;  // of the layers of secondary structure; the rest are strands
  double filament_length_angstrom = 1500;
};

struct RecipeRange {
  double smallest_mass_kda = 60;
  double largest_mass_kda = 4000;
  double filament_fraction = 0.08;
};

MacromoleculeRecipe draw_recipe(const RecipeRange& range, RandomSequence& random);

}  // namespace limpid
