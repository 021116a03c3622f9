#pragma once

#include "core/image/image.h"

#include <cstdint>

// Straight edges from one side of an image to the other, as tiles leave them that do not fit
// together. With d the image, the jump between the columns c and c + 1 is what a straight line
// through the neighbours does not explain, averaged over rows y:
//   j(c) = mean |d(c+1) - d(c) - [d(c) - d(c-1) + d(c+2) - d(c+1)] / 2|
// and its strength j(c) relative to its surroundings: the larger of the medians of j over the
// columns 3 to 12 away and over those 32, 64 .. 256 away, on both sides; the same for rows. The
// latter are equally placed on the grid on which networks halve images, whose faint pattern is no
// seam. (A ratio of differences at tile borders to those elsewhere is the usual measure; this one
// needs not know where the borders are.) At most 1024 rows and columns are looked at, evenly
// spread, and a difference counts at most ten times the mean, so that hot pixels do not make a
// seam.
namespace limpid {

struct Seam {
  double strength = 1;        // the strongest among thousands without any seam: up to 1.4
  std::int64_t position = 0;  // the first pixel behind it
  bool is_vertical = true;    // between columns
};

// The strongest. An image too small or too constant to tell has strength 1.
Seam strongest_seam(const Image& image);

}  // namespace limpid
