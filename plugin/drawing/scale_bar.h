#pragma once

#include "plugin/drawing/canvas.h"

#include <string>

namespace limpid {

struct ScaleBar {
  double length_angstrom = 0;
  double length_px = 0;  // on the page
  std::string label;
};

// The longest bar of length 1, 2 or 5 times a power of ten that is at most `longest_px` long on the
// page, where one px shows `angstrom_per_px`. From 100 angstrom on the label is in nm.
ScaleBar choose_scale_bar(double angstrom_per_px, double longest_px);

// White on a dark ground in the lower left corner of a picture, which may be of any grey.
void draw_scale_bar(Canvas& canvas, const Rectangle& picture, const ScaleBar& bar);

}  // namespace limpid
