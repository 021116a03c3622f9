#pragma once

#include "core/io/compressed_file.h"

#include <span>
#include <string>
#include <string_view>

namespace limpid::test {

// One gzip or bzip2 stream. Throws std::runtime_error.
std::string compressed(std::string_view content, Compression compression);

inline std::string compressed(std::span<const std::byte> content, Compression compression) {
  return compressed({reinterpret_cast<const char*>(content.data()), content.size()}, compression);
}

}  // namespace limpid::test
