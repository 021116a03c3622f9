#pragma once

#include <filesystem>

namespace limpid {

// The folder share/limpid of the installation (or build tree) that the running program belongs to;
// empty when the system does not say where the program lies. Whether it is there is not looked at.
std::filesystem::path shared_files_folder();

}  // namespace limpid
