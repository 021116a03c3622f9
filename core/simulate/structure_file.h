#pragma once

#include "core/simulate/structure.h"

#include <optional>
#include <string>

namespace limpid {

// Atoms of a PDB or mmCIF file (.pdb, .ent, .cif, .mmcif, plain or .gz), centred: the first model,
// without hydrogens and water, the first of alternative positions. When the file describes a
// biological assembly and `expand_assembly` is set, the first assembly is built; otherwise the
// atoms are taken as they are. Throws Error (input).
Structure read_atomic_model(const std::string& path, bool expand_assembly = true);

struct MapReading {
  // Density below it is solvent. Maps have arbitrary units; empty: find_solvent_threshold
  // chooses.
  std::optional<double> threshold;
  // The map is scaled so that what lies above the threshold has, on average, this potential above
  // the ice; 3.2 V is that of protein.
  double mean_contrast_volts = 3.2;
};

// Voxels of an MRC/CCP4 map above a threshold, centred. Throws Error (input).
Structure read_density_map(const std::string& path, const MapReading& reading);

}  // namespace limpid
