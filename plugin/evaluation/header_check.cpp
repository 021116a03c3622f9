#include "plugin/evaluation/header_check.h"

#include "core/base/error.h"
#include "core/io/micrograph_file.h"

#include <optional>
#include <string>
#include <vector>

namespace limpid {
namespace {

// What the headers of a micrograph's files say in common: before any pixel is read, a wrong file is
// found, and the pixel size where no list gives it.
double check_headers(const std::vector<std::string>& paths,
                     std::optional<double> pixel_size_angstrom) {
  std::optional<MicrographDescription> first;
  for (const std::string& path : paths) {
    if (path.empty())
      continue;
    const MicrographDescription description = describe_micrograph(path);
    if (!pixel_size_angstrom)
      pixel_size_angstrom = description.pixel_size_angstrom;
    if (!first)
      first = description;
    else if (description.width != first->width || description.height != first->height)
      fail(ErrorKind::input,
           "'{}' has {} x {} pixels, '{}' has {} x {}",
           paths.front(),
           first->width,
           first->height,
           path,
           description.width,
           description.height);
  }
  if (!pixel_size_angstrom)
    fail(ErrorKind::input, "no list and no file gives the pixel size; give --pixel_size");
  return *pixel_size_angstrom;
}

}  // namespace

double check_headers(const TruthFiles& files) {
  return check_headers({files.denoised, files.noisy, files.truth}, files.pixel_size_angstrom);
}

double check_headers(const RemovalFiles& files) {
  return check_headers({files.whole.denoised, files.whole.noisy}, files.pixel_size_angstrom);
}

double check_headers(const HalfFiles& files) {
  return check_headers({files.denoised_even, files.denoised_odd, files.raw_even, files.raw_odd},
                       files.pixel_size_angstrom);
}

}  // namespace limpid
