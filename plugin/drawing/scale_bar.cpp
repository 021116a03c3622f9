#include "plugin/drawing/scale_bar.h"

#include "core/base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace limpid {

ScaleBar choose_scale_bar(double angstrom_per_px, double longest_px) {
  require(angstrom_per_px > 0 && longest_px > 0, "a scale bar for {} angstrom/px", angstrom_per_px);
  const double longest = angstrom_per_px * longest_px;
  const double power = std::pow(10.0, std::floor(std::log10(longest)));
  double length = power;
  for (const double step : {2.0, 5.0})
    if (step * power <= longest)
      length = step * power;
  ScaleBar bar{length, length / angstrom_per_px, {}};
  bar.label =
      length >= 100 ? fmt::format("{:.6g} nm", length / 10) : fmt::format("{:.6g} \u00c5", length);
  return bar;
}

void draw_scale_bar(Canvas& canvas, const Rectangle& picture, const ScaleBar& bar) {
  constexpr double margin = 10, padding = 8, thickness = 4, text_gap = 6;
  const TextStyle style{
      .size_px = 14, .color = colors::white, .is_bold = true, .align = TextAlign::centre};
  const double content_width = std::max(bar.length_px, canvas.text_width(bar.label, style));
  const double content_height = style.size_px * 0.75 + text_gap + thickness;
  const Rectangle ground{picture.x + margin,
                         picture.bottom() - margin - content_height - 2 * padding,
                         content_width + 2 * padding,
                         content_height + 2 * padding};
  canvas.fill(ground, {0, 0, 0, 0.6});
  const Rectangle line{ground.centre_x() - bar.length_px / 2,
                       ground.bottom() - padding - thickness,
                       bar.length_px,
                       thickness};
  canvas.fill(line, colors::white);
  canvas.text({ground.centre_x(), line.y - text_gap}, bar.label, style);
}

}  // namespace limpid
