#pragma once

#include "plugin/drawing/comparison.h"
#include "plugin/drawing/curves.h"

namespace limpid {

// Cycles per pixel at the sides of a spectrum's picture: little of what is finer can be told from
// noise in one micrograph.
double highest_frequency(const ComparisonPicture& comparison);

// The power of each panel by frequency, mean over rings; without a title.
CurvePlot radial_power(const ComparisonPicture& comparison);

}  // namespace limpid
