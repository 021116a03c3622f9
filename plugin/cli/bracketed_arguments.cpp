#include "plugin/cli/bracketed_arguments.h"

#include <CLI/CLI.hpp>

#include <algorithm>

namespace limpid {
namespace {

bool takes_one_value(const CLI::App& parser, const std::string& name) {
  const auto subcommands = parser.get_subcommands([](const CLI::App*) { return true; });
  return name.starts_with("--") &&
         std::any_of(subcommands.begin(), subcommands.end(), [&](const CLI::App* subcommand) {
           const CLI::Option* option = subcommand->get_option_no_throw(name);
           return option != nullptr && option->get_items_expected_max() == 1;
         });
}

}  // namespace

std::vector<std::string> protect_brackets(const CLI::App& parser,
                                          std::vector<std::string> arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i)
    if (arguments[i].starts_with('[') && arguments[i].ends_with(']') &&
        (i == 0 || !takes_one_value(parser, arguments[i - 1])))
      arguments[i].insert(0, "./");
  return arguments;
}

}  // namespace limpid
