#pragma once

#include <string>
#include <vector>

namespace limpid {

// Throws Error(usage) when one of the files that a run will write is one of those that it reads,
// under whatever name. Files that do not exist are no matter.
void forbid_replacing_inputs(const std::vector<std::string>& inputs,
                             const std::vector<std::string>& outputs);

}  // namespace limpid
