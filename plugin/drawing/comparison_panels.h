#pragma once

#include "plugin/drawing/comparison.h"

#include <cstddef>
#include <cstdint>
#include <string>

// The parts of a comparison as pictures of their own, for pages that arrange them by the width of
// the screen. Each is the bytes of a PNG file.
namespace limpid {

// With a scale bar where the pixel size is known and the picture is not too small.
std::string panel_png(const ComparisonPicture& comparison, std::size_t panel);

// The power spectrum of the panel. The sides are at highest_frequency() (comparison_spectra.h).
std::string spectrum_png(const ComparisonPicture& comparison,
                         std::size_t panel,
                         std::int64_t side_px);

// An image alone, its pixels enlarged `zoom` times.
std::string image_png(const Image& image, const GreyWindow& window, std::int64_t zoom);

}  // namespace limpid
