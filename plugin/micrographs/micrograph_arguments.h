#pragma once

#include <string>
#include <vector>

namespace limpid {

// The files that an argument of the command line stands for: itself, the matches of a pattern, or
// the micrographs in a folder by name (without the half sums and truths of others there). A file
// that does not exist is kept, so that its absence is reported like that of any other. Throws
// Error(usage) for a folder that cannot be read, and a pattern that nothing matches.
std::vector<std::string> files_of_argument(const std::string& argument);

}  // namespace limpid
