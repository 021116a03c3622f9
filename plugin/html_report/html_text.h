#pragma once

#include <string>
#include <string_view>

namespace limpid {

// The text for the body of a page or a quoted attribute: names of files may hold any byte, and a
// browser must take none of it for anything but text.
std::string escaped_html(std::string_view text);

// "data:TYPE;base64,..." for the src of an image, so that a page needs no second file.
std::string data_url(std::string_view media_type, std::string_view bytes);

}  // namespace limpid
