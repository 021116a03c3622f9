#pragma once

#include "core/base/random.h"
#include "core/simulate/structure.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace limpid {

// A PDB or mmCIF file, or an MRC map by its extension (.mrc, .map, .ccp4; .gz may follow). An empty
// threshold lets the map decide what is solvent. Throws Error(usage).
Structure read_structure_file(const std::string& path, std::optional<double> map_threshold);

// Procedural macromolecules of different kinds, the first four of a size that is easily seen.
// Throws Error(usage) for a count without meaning.
std::vector<Structure> build_typical_structures(std::int64_t count, RandomSequence& random);

}  // namespace limpid
