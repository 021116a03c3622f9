#include "plugin/simulated_project/structure_choice.h"

#include "core/base/error.h"
#include "core/simulate/macromolecule_recipe.h"
#include "core/simulate/procedural_structure.h"
#include "core/simulate/structure_file.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <string_view>

namespace limpid {
namespace {

constexpr std::int64_t largest_structure_count = 1000;

// ".pdb" of "x.PDB.gz".
std::string extension_of(const std::string& path) {
  std::filesystem::path name(path);
  if (name.extension() == ".gz")
    name = name.stem();
  std::string extension = name.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  return extension;
}

template <std::size_t count>
bool is_one_of(const std::string& text, const std::array<std::string_view, count>& choices) {
  return std::find(choices.begin(), choices.end(), text) != choices.end();
}

// What people often image, in this order; then whatever there is.
MacromoleculeRecipe typical_recipe(std::int64_t kind, RandomSequence& random) {
  MacromoleculeRecipe recipe;
  recipe.helix_fraction = random.uniform(0.2, 0.9);
  switch (kind) {
    case 0:  // as ferritin
      recipe.architecture = Architecture::cage;
      recipe.symmetry_order = 24;
      recipe.mass_kda = random.uniform(400, 600);
      return recipe;
    case 1:  // as proteasomes and metabolic enzymes
      recipe.architecture = Architecture::oligomer;
      recipe.symmetry_order = static_cast<int>(2 + random.below(6));
      recipe.has_dihedral_symmetry = true;
      recipe.mass_kda = 2 * recipe.symmetry_order * random.uniform(40, 90);
      return recipe;
    case 2:  // as ion channels
      recipe.architecture = Architecture::membrane_protein;
      recipe.symmetry_order = static_cast<int>(2 + random.below(4));
      recipe.mass_kda = random.uniform(250, 500);
      return recipe;
    case 3:  // as ribosomes
      recipe.architecture = Architecture::nucleoprotein;
      recipe.mass_kda = random.uniform(1500, 3000);
      return recipe;
    default:
      return draw_recipe(RecipeRange{}, random);
  }
}

}  // namespace

Structure read_structure_file(const std::string& path, std::optional<double> map_threshold) {
  static constexpr std::array<std::string_view, 4> models = {".pdb", ".ent", ".cif", ".mmcif"};
  static constexpr std::array<std::string_view, 3> maps = {".mrc", ".map", ".ccp4"};
  const std::string extension = extension_of(path);
  try {
    if (is_one_of(extension, maps)) {
      MapReading reading;
      reading.threshold = map_threshold;
      return read_density_map(path, reading);
    }
    if (is_one_of(extension, models))
      return read_atomic_model(path);
  } catch (const Error& error) {
    // Nothing can be simulated without it.
    throw Error(ErrorKind::usage, error.what());
  }
  fail(ErrorKind::usage,
       "structure file '{}': the extension '{}' is not known (.pdb, .ent, .cif, .mmcif, .mrc, .map "
       "or .ccp4 is expected)",
       path,
       extension);
}

std::vector<Structure> build_typical_structures(std::int64_t count, RandomSequence& random) {
  if (count < 1 || count > largest_structure_count)
    fail(ErrorKind::usage,
         "simulating {} kinds of particles (1 to {} are expected)",
         count,
         largest_structure_count);
  std::vector<Structure> structures;
  for (std::int64_t kind = 0; kind < count; ++kind)
    structures.push_back(build_macromolecule(typical_recipe(kind, random), random));
  return structures;
}

}  // namespace limpid
