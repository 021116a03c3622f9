#include "plugin/simulated_project/structure_choice.h"

#include "core/base/error.h"
#include "core/simulate/macromolecule_recipe.h"
#include "core/simulate/procedural_structure.h"
#include "core/simulate/structure_file.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <set>
#include <string_view>

namespace limpid {
namespace {

constexpr std::int64_t largest_structure_count = 100;

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

std::vector<Structure> build_distinct_structures(std::int64_t count, RandomSequence& random) {
  if (count < 1 || count > largest_structure_count)
    fail(ErrorKind::usage,
         "simulating {} kinds of particles (1 to {} are expected)",
         count,
         largest_structure_count);
  RecipeRange range;
  range.smallest_mass_kda = 200;
  range.largest_mass_kda = 1500;
  range.filament_fraction = 0;
  std::vector<Structure> structures;
  std::set<Architecture> seen;
  while (static_cast<std::int64_t>(structures.size()) < count) {
    // A few draws find an architecture that is not there yet, as long as there is one.
    MacromoleculeRecipe recipe = draw_recipe(range, random);
    for (int attempt = 0; attempt < 20 && seen.contains(recipe.architecture); ++attempt)
      recipe = draw_recipe(range, random);
    seen.insert(recipe.architecture);
    structures.push_back(build_macromolecule(recipe, random));
  }
  return structures;
}

}  // namespace limpid
