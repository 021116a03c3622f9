#pragma once

#include <string>

namespace limpid {

// The hash that the linker has left of the program or shared library to which the code at `address`
// belongs, in hexadecimal digits: another for every other build. Empty where it has left none.
std::string build_id(const void* address);

}  // namespace limpid
