#include "plugin/denoise/pixel_size_notes.h"

#include "core/base/log.h"
#include "core/infer/working_grid.h"

namespace limpid {

PixelSizeNotes::PixelSizeNotes(const ModelDescription& model, bool resample)
    : model_(model), resample_(resample) {}

void PixelSizeNotes::say(const std::string& micrograph_name,
                         std::optional<double> pixel_size_angstrom,
                         std::optional<double> working_pixel_size_angstrom) {
  if (!model_.smallest_pixel_size_angstrom || !model_.largest_pixel_size_angstrom)
    return;
  {
    const std::lock_guard lock(mutex_);
    if (!said_.insert(pixel_size_angstrom.value_or(0)).second)
      return;
  }
  const std::string known = fmt::format("the model '{}' knows {:.2f} to {:.2f} A",
                                        model_.name,
                                        *model_.smallest_pixel_size_angstrom,
                                        *model_.largest_pixel_size_angstrom);
  if (!pixel_size_angstrom)
    log_info(
        "The pixel size of '{}' is not known, so it is not resampled; {}", micrograph_name, known);
  else if (working_pixel_size_angstrom)
    log_info("Pixels of {:.4g} A are resampled to {:.4g} A and back, because {}",
             *pixel_size_angstrom,
             *working_pixel_size_angstrom,
             known);
  else if (!resample_ && working_pixel_size(model_, *pixel_size_angstrom))
    log_warning(
        "pixels of {:.4g} A are denoised as they are, although {}", *pixel_size_angstrom, known);
}

}  // namespace limpid
