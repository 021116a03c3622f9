#pragma once

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace limpid {

// Answers a request for help or the version on stdout, anything else with one line on stderr that
// suggests what may have been meant. Returns the exit status.
int explain_parse_error(const CLI::App& parser, const CLI::ParseError& error, const char* program);

}  // namespace limpid
