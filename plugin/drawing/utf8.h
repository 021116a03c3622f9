#pragma once

#include <string>
#include <string_view>

namespace limpid {

// The text with every byte that is not part of a valid UTF-8 sequence, and every control character,
// replaced by '?': file names may hold any byte, but only text can be drawn.
std::string drawable_text(std::string_view text);

// Without its first character. `text` is valid UTF-8 and not empty.
std::string_view without_first_character(std::string_view text);

}  // namespace limpid
