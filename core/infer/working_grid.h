#pragma once

#include "core/nn/model.h"

#include <optional>

namespace limpid {

// Pixel sizes are calibrated to about a per cent: up to this ratio beyond what a model was trained
// on, pixels count as of its range.
inline constexpr double pixel_size_tolerance = 1.02;
// Beyond this ratio a pixel size is no property of a single-particle micrograph but a mistake, or
// of an image of something else.
inline constexpr double largest_resampling = 8;

// Models are at their best a little inside the range: by this factor, at most to its middle.
inline constexpr double distance_from_range_end = 1.2;

// The pixel size at which a model should see pixels of this size: near the closest end of its
// range; nothing where it takes them as they are, or its range is not known. It may be more than
// largest_resampling away.
std::optional<double> working_pixel_size(const ModelDescription& model, double pixel_size_angstrom);

}  // namespace limpid
