#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace limpid {

// The command line that RELION makes of the fields of an External job. It quotes nothing: a value
// with spaces arrives as several words, an empty value as no word at all. So a label takes all
// words up to the next one, joined by single spaces.
class CommandWords {
 public:
  CommandWords(int argc, const char* const* argv);

  // The last value of "--label"; empty text for a label without a value.
  std::optional<std::string> value(std::string_view label) const;
  // "--label=value" or "--label", each as one argument for a parser; words in front of the first
  // label as they are.
  const std::vector<std::string>& arguments() const { return arguments_; }

 private:
  std::vector<std::string> arguments_;
};

}  // namespace limpid
