#include "plugin/drawing/fonts.h"

#include "plugin/machine/installation.h"

#include <system_error>

#include <cstdlib>
#include <filesystem>
#include <mutex>

namespace limpid {
namespace {

void choose_configuration() {
  std::error_code ignored;
  if (std::getenv("FONTCONFIG_FILE") != nullptr || std::getenv("FONTCONFIG_PATH") != nullptr ||
      std::filesystem::exists("/etc/fonts/fonts.conf", ignored))
    return;
  const auto own = shared_files_folder() / "fonts" / "fonts.conf";
  if (std::filesystem::exists(own, ignored))
    ::setenv("FONTCONFIG_FILE", own.c_str(), 0);
}

}  // namespace

void use_own_fonts_if_there_are_none() {
  static std::once_flag once;
  std::call_once(once, choose_configuration);
}

}  // namespace limpid
