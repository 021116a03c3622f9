#include "plugin/cli/parse_error.h"

#include "plugin/cli/unknown_option.h"
#include "plugin/exit_code.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <vector>

namespace limpid {
namespace {

// The subcommand that was being parsed, or the program itself.
const CLI::App* innermost(const CLI::App& parser) {
  for (const CLI::App* subcommand : parser.get_subcommands())
    return innermost(*subcommand);
  return &parser;
}

std::vector<std::string> known_names(const CLI::App& parser, bool options) {
  std::vector<std::string> names;
  if (options) {
    for (const CLI::Option* option : parser.get_options())
      for (const std::string& name : option->get_lnames())
        names.push_back("--" + name);
  } else {
    for (const CLI::App* subcommand : parser.get_subcommands([](const CLI::App*) { return true; }))
      names.push_back(subcommand->get_name());
  }
  return names;
}

std::string first_unknown(const CLI::App& parser) {
  for (const std::string& argument : parser.remaining(true))
    return argument.substr(0, argument.find('='));
  return {};
}

std::string one_line(std::string text) {
  for (char& letter : text)
    if (letter == '\n')
      letter = ' ';
  while (!text.empty() && text.back() == ' ')
    text.pop_back();
  return text;
}

}  // namespace

int explain_parse_error(const CLI::App& parser, const CLI::ParseError& error, const char* program) {
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success))
    return parser.exit(error);
  std::string message = one_line(error.what());
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError)) {
    const std::string unknown = first_unknown(parser);
    const bool is_option = unknown.starts_with("-");
    const std::string nearest = nearest_name(unknown, known_names(*innermost(parser), is_option));
    message = fmt::format("there is no {} '{}'{}",
                          is_option ? "option" : "command or argument",
                          unknown,
                          nearest.empty() ? "" : fmt::format("; is '{}' meant?", nearest));
  }
  fmt::print(stderr, "{}: {} (--help lists what there is)\n", program, message);
  return status(ExitCode::usage);
}

}  // namespace limpid
