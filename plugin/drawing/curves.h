#pragma once

#include "plugin/drawing/axis.h"
#include "plugin/drawing/canvas.h"

#include <cstddef>
#include <string>
#include <vector>

namespace limpid {

struct Curve {
  std::string label = {};      // in the legend
  std::vector<double> x = {};  // as many as y
  std::vector<double> y = {};  // a value without a place on the axis leaves a gap
};

struct CurvePlot {
  std::string title;  // empty: none
  Axis x;
  Axis y;
  std::vector<Curve> curves;
};

// Colours that differ for colour-blind readers too; they repeat after the last.
Color curve_color(std::size_t index);

// Fills `area` with frame, ticks, curves, title and a legend in one line above the frame.
void draw_curves(Canvas& canvas, const Rectangle& area, const CurvePlot& plot);

// The bytes of a file of one page.
std::string drawn_curves(PictureFormat format, const CurvePlot& plot, Size page_size);
// One page; the format by the extension of the path.
void write_curves(const std::string& path, const CurvePlot& plot, Size page_size = {760, 460});

}  // namespace limpid
