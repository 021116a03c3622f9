#pragma once

#include "core/nn/model.h"

#include <mutex>
#include <optional>
#include <set>
#include <string>

namespace limpid {

// Says of the pixel sizes of a run what the user should know, each thing once: which are resampled,
// which are not although the model does not know them, and that some are unknown. For several
// threads.
class PixelSizeNotes {
 public:
  PixelSizeNotes(const ModelDescription& model, bool resample);

  void say(const std::string& micrograph_name,
           std::optional<double> pixel_size_angstrom,
           std::optional<double> working_pixel_size_angstrom);

 private:
  const ModelDescription model_;
  const bool resample_;
  std::mutex mutex_;
  std::set<double> said_;  // pixel sizes; 0 for an unknown one
};

}  // namespace limpid
