#include "plugin/cli/parse_error.h"

#include "core/io/printable.h"
#include "plugin/cli/unknown_option.h"
#include "plugin/run/exit_code.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>
#include <string>
#include <vector>

namespace limpid {
namespace {

// From the program down to the innermost subcommand that was named.
std::vector<const CLI::App*> parsed_chain(const CLI::App& parser) {
  std::vector<const CLI::App*> chain = {&parser};
  while (!chain.back()->get_subcommands().empty())
    chain.push_back(chain.back()->get_subcommands().front());
  return chain;
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

std::string one_line(std::string text) {
  for (char& letter : text)
    if (letter == '\n')
      letter = ' ';
  while (!text.empty() && text.back() == ' ')
    text.pop_back();
  return text;
}

// What no part of the command line stands for, in the words of the part that met it; empty when
// everything was understood.
std::string explain_unknown(const CLI::App& parser) {
  for (const CLI::App* part : parsed_chain(parser)) {
    const std::vector<std::string> unknown = part->remaining();
    if (unknown.empty())
      continue;
    const std::string name = unknown.front().substr(0, unknown.front().find('='));
    const bool is_option = name.starts_with("-");
    const bool has_commands = !known_names(*part, false).empty();
    const std::string nearest = nearest_name(name, known_names(*part, is_option));
    return fmt::format("there is no {} '{}'{}",
                       is_option      ? "option"
                       : has_commands ? "command"
                                      : "further argument",
                       printable(name),
                       nearest.empty() ? "" : fmt::format("; is '{}' meant?", nearest));
  }
  return {};
}

// Empty unless a command is missing.
std::string explain_missing_command(const CLI::App& parser) {
  const std::vector<std::string> commands = known_names(*parsed_chain(parser).back(), false);
  return commands.empty()
             ? ""
             : fmt::format("a command is needed, one of {}", fmt::join(commands, ", "));
}

}  // namespace

int explain_parse_error(const CLI::App& parser, const CLI::ParseError& error, const char* program) {
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success))
    return parser.exit(error);
  // The parser complains about what is missing before what it does not know, though a misspelled
  // name is the likely reason for both.
  std::string message;
  const auto code = static_cast<CLI::ExitCodes>(error.get_exit_code());
  if (code == CLI::ExitCodes::ExtrasError || code == CLI::ExitCodes::RequiredError)
    message = explain_unknown(parser);
  if (message.empty() && code == CLI::ExitCodes::RequiredError)
    message = explain_missing_command(parser);
  if (message.empty())
    message = one_line(error.what());
  fmt::print(stderr, "{}: {} (--help lists what there is)\n", program, message);
  return status(ExitCode::usage);
}

}  // namespace limpid
