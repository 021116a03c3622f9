#pragma once

#include <cstddef>
#include <string>

namespace limpid {

// "4G", "512M", "1.5T", "800k" or plain bytes; powers of 1024, a final B or iB is accepted. Throws
// Error(usage).
std::size_t parse_memory_size(const std::string& text);

}  // namespace limpid
