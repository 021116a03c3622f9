#pragma once

#include <string>
#include <string_view>

namespace limpid {

// A message on one line: names of files may hold line ends and other control characters.
inline std::string on_one_line(std::string_view text) {
  std::string result(text);
  for (char& letter : result)
    if (static_cast<unsigned char>(letter) < ' ' || letter == '\x7f')
      letter = '?';
  return result;
}

// Text from a file for use in a message: on one line, without control characters, not too long.
inline std::string printable(std::string_view text) {
  constexpr std::size_t longest = 200;
  std::string result = on_one_line(text.substr(0, longest));
  if (text.size() > longest)
    result += "...";
  return result;
}

}  // namespace limpid
