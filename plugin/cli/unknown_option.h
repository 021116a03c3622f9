#pragma once

#include <string>
#include <vector>

namespace limpid {

// The candidate with the fewest letters to change, or nothing when none is near.
std::string nearest_name(const std::string& name, const std::vector<std::string>& candidates);

}  // namespace limpid
