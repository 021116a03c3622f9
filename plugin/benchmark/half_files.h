#pragma once

#include "core/data/pair_source.h"

#include <memory>
#include <string>
#include <vector>

namespace limpid {

// Two neighbours of the list as the halves of a micrograph. Throws Error(usage) for fewer than two
// pairs.
std::unique_ptr<PairSource> half_pairs_of(const std::vector<std::string>& paths);

}  // namespace limpid
