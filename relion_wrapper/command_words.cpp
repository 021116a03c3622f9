#include "relion_wrapper/command_words.h"

#include <algorithm>

namespace limpid {
namespace {

// RELION puts two dashes in front of a label; a user may have typed them, too.
std::string normalized_label(std::string_view word) {
  return "--" + std::string(word.substr(std::min(word.find_first_not_of('-'), word.size())));
}

}  // namespace

CommandWords::CommandWords(int argc, const char* const* argv) {
  bool after_label = false;
  bool has_value = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word.starts_with("--")) {
      arguments_.push_back(normalized_label(word));
      after_label = true;
      has_value = word.find('=') != std::string_view::npos;
    } else if (!after_label) {
      arguments_.emplace_back(word);
    } else {
      arguments_.back() += (has_value ? " " : "=") + std::string(word);
      has_value = true;
    }
  }
}

std::optional<std::string> CommandWords::value(std::string_view label) const {
  const std::string option = "--" + std::string(label);
  std::optional<std::string> found;
  for (const std::string& argument : arguments_) {
    if (argument == option)
      found = "";
    else if (argument.starts_with(option + "="))
      found = argument.substr(option.size() + 1);
  }
  return found;
}

}  // namespace limpid
