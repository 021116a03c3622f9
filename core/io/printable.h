#pragma once

#include <string>
#include <string_view>

namespace limpid {

// Text from a file for use in a message: on one line, without control characters, not too long.
inline std::string printable(std::string_view text) {
  constexpr std::size_t longest = 200;
  std::string result(text.substr(0, longest));
  for (char& letter : result)
    if (static_cast<unsigned char>(letter) < ' ' || letter == '\x7f')
      letter = '?';
  if (text.size() > longest)
    result += "...";
  return result;
}

}  // namespace limpid
