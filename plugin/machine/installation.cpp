#include "plugin/machine/installation.h"

#include <system_error>

namespace limpid {

std::filesystem::path shared_files_folder() {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? std::filesystem::path() : program.parent_path().parent_path() / "share" / "limpid";
}

}  // namespace limpid
