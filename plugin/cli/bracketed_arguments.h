#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace limpid {

// The arguments as the parser is to see them. It takes "[12]" for a list of its own wherever
// several values may stand, so there a file of that name becomes "./[12]".
std::vector<std::string> protect_brackets(const CLI::App& parser,
                                          std::vector<std::string> arguments);

}  // namespace limpid
