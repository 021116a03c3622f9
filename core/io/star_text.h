#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

// Characters and words of STAR files, shared by the parser and the writers.
namespace limpid {

inline bool star_is_space(char letter) {
  return letter == ' ' || (letter >= '\t' && letter <= '\r');
}

inline bool star_is_quote(char letter) {
  return letter == '\'' || letter == '"';
}

// Whether `text` begins with the lower-case `keyword`, in any case.
inline bool star_begins_with(std::string_view text, std::string_view keyword) {
  return text.size() >= keyword.size() &&
         std::equal(keyword.begin(), keyword.end(), text.begin(), [](char expected, char letter) {
           return expected == (letter >= 'A' && letter <= 'Z' ? letter - 'A' + 'a' : letter);
         });
}

// Whether the text, without a leading underscore, can be a label.
inline bool star_is_label(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char letter) {
    return letter > ' ' && letter != '#' && letter != '\x7f';
  });
}

// The value as a file holds it: in quotes if it is empty, has white space or begins like something
// else, and, where `quote_keywords` is set, if it begins with a keyword. Empty if a line cannot
// hold it.
inline std::optional<std::string> star_quoted(std::string_view value, bool quote_keywords) {
  if (value.find_first_of(std::string_view("\n\r\0", 3)) != std::string_view::npos)
    return std::nullopt;
  const bool is_plain = !value.empty() && !star_is_quote(value[0]) && value[0] != '#' &&
                        value[0] != '_' && value[0] != ';' &&
                        std::none_of(value.begin(), value.end(), star_is_space);
  if (is_plain &&
      !(quote_keywords && (star_begins_with(value, "data_") || star_begins_with(value, "loop_"))))
    return std::string(value);
  for (const char quote : {'"', '\''}) {
    // A quote ends the value only in front of white space.
    bool closes_early = false;
    for (std::size_t i = 0; i + 1 < value.size(); ++i)
      closes_early = closes_early || (value[i] == quote && star_is_space(value[i + 1]));
    if (!closes_early)
      return quote + std::string(value) + quote;
  }
  return std::nullopt;
}

}  // namespace limpid
