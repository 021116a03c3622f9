#include "plugin/drawing/curves.h"

#include "core/base/error.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace limpid {
namespace {

constexpr TextStyle title_style = {.size_px = 15, .is_bold = true};
constexpr TextStyle label_style = {.size_px = 13};
constexpr TextStyle tick_style = {.size_px = 12, .color = colors::faint_text};
constexpr double tick_px = 5;
constexpr double px_per_x_tick = 90;
constexpr double px_per_y_tick = 45;

struct PlotScale {
  Rectangle frame;
  AxisRange x;
  AxisRange y;

  Point position(double x_value, double y_value) const {
    return {frame.x + frame.width * x.fraction(x_value),
            frame.bottom() - frame.height * y.fraction(y_value)};
  }
};

std::vector<double> all_values(const CurvePlot& plot, std::vector<double> Curve::*member) {
  std::vector<double> values;
  for (const Curve& curve : plot.curves)
    values.insert(values.end(), (curve.*member).begin(), (curve.*member).end());
  return values;
}

std::vector<AxisTick> ticks_of(const Axis& axis,
                               const AxisRange& range,
                               double length_px,
                               double px_per_tick) {
  if (!axis.ticks.empty())
    return axis.ticks;
  const double count = std::max(2.0, std::floor(length_px / px_per_tick));
  return choose_ticks(range, static_cast<std::size_t>(count));
}

double widest(Canvas& canvas, const std::vector<AxisTick>& ticks) {
  double width = 0;
  for (const AxisTick& tick : ticks)
    width = std::max(width, canvas.text_width(tick.label, tick_style));
  return width;
}

bool is_on_axis(double fraction) {
  return fraction >= -1e-6 && fraction <= 1 + 1e-6;
}

void draw_x_axis(Canvas& canvas,
                 const PlotScale& scale,
                 const Axis& axis,
                 const std::vector<AxisTick>& ticks) {
  TextStyle style = tick_style;
  style.align = TextAlign::centre;
  for (const AxisTick& tick : ticks) {
    if (!is_on_axis(scale.x.fraction(tick.value)))
      continue;
    const double x = scale.position(tick.value, scale.y.low).x;
    canvas.line({x, scale.frame.y}, {x, scale.frame.bottom()}, {1, colors::grid});
    canvas.line({x, scale.frame.bottom()}, {x, scale.frame.bottom() + tick_px}, {1, colors::frame});
    canvas.text({x, scale.frame.bottom() + tick_px + 13}, tick.label, style);
  }
  style = label_style;
  style.align = TextAlign::centre;
  canvas.text({scale.frame.centre_x(), scale.frame.bottom() + tick_px + 33}, axis.label, style);
}

void draw_y_axis(Canvas& canvas,
                 const PlotScale& scale,
                 const Axis& axis,
                 const std::vector<AxisTick>& ticks,
                 double label_x) {
  TextStyle style = tick_style;
  style.align = TextAlign::right;
  for (const AxisTick& tick : ticks) {
    if (!is_on_axis(scale.y.fraction(tick.value)))
      continue;
    const double y = scale.position(scale.x.low, tick.value).y;
    canvas.line({scale.frame.x, y}, {scale.frame.right(), y}, {1, colors::grid});
    canvas.line({scale.frame.x - tick_px, y}, {scale.frame.x, y}, {1, colors::frame});
    canvas.text({scale.frame.x - tick_px - 4, y + 4}, tick.label, style);
  }
  style = label_style;
  style.align = TextAlign::centre;
  style.is_upright = true;
  canvas.text({label_x, scale.frame.centre_y()}, axis.label, style);
}

void draw_curve(Canvas& canvas, const PlotScale& scale, const Curve& curve, const Color& color) {
  const Stroke stroke{1.8, color};
  std::vector<Point> piece;
  const auto draw_piece = [&] {
    if (piece.size() == 1)  // a lone value would not be seen as a line
      canvas.fill({piece[0].x - 2.5, piece[0].y - 2.5, 5, 5}, color);
    else
      canvas.polyline(piece, stroke);
    piece.clear();
  };
  for (std::size_t i = 0; i < curve.x.size(); ++i) {
    const Point point = scale.position(curve.x[i], curve.y[i]);
    if (std::isfinite(point.x) && std::isfinite(point.y))
      piece.push_back(point);
    else
      draw_piece();
  }
  draw_piece();
}

// Right-aligned on one line, in the order of the curves.
void draw_legend(Canvas& canvas, const CurvePlot& plot, double right, double baseline) {
  constexpr double sample_px = 22, gap_px = 6, entry_gap_px = 18;
  double x = right;
  for (std::size_t i = plot.curves.size(); i-- > 0;) {
    const std::string& label = plot.curves[i].label;
    x -= canvas.text_width(label, label_style);
    canvas.text({x, baseline}, label, label_style);
    x -= gap_px + sample_px;
    canvas.line({x, baseline - 4.5}, {x + sample_px, baseline - 4.5}, {2.5, curve_color(i)});
    x -= entry_gap_px;
  }
}

}  // namespace

Color curve_color(std::size_t index) {
  // Okabe and Ito, the dark ones first.
  static constexpr std::array<Color, 6> palette = {{{0.35, 0.35, 0.35},
                                                    {0.00, 0.45, 0.70},
                                                    {0.84, 0.37, 0.00},
                                                    {0.00, 0.62, 0.45},
                                                    {0.80, 0.47, 0.65},
                                                    {0.90, 0.62, 0.00}}};
  return palette[index % palette.size()];
}

void draw_curves(Canvas& canvas, const Rectangle& area, const CurvePlot& plot) {
  for (const Curve& curve : plot.curves)
    require(curve.x.size() == curve.y.size(),
            "curve '{}' of {} x and {} y values",
            curve.label,
            curve.x.size(),
            curve.y.size());
  constexpr double head_px = 30, foot_px = 46, right_px = 14, label_px = 24;
  PlotScale scale{{},
                  fit_range(plot.x, all_values(plot, &Curve::x)),
                  fit_range(plot.y, all_values(plot, &Curve::y))};
  const double height = area.height - head_px - foot_px;
  const std::vector<AxisTick> y_ticks = ticks_of(plot.y, scale.y, height, px_per_y_tick);
  const double left_px = label_px + widest(canvas, y_ticks) + tick_px + 4;
  scale.frame = {area.x + left_px, area.y + head_px, area.width - left_px - right_px, height};

  draw_x_axis(canvas, scale, plot.x, ticks_of(plot.x, scale.x, scale.frame.width, px_per_x_tick));
  draw_y_axis(canvas, scale, plot.y, y_ticks, area.x + 13);
  canvas.outline(scale.frame, {1, colors::frame});
  canvas.clipped(scale.frame, [&] {
    for (std::size_t i = 0; i < plot.curves.size(); ++i)
      draw_curve(canvas, scale, plot.curves[i], curve_color(i));
  });
  const double baseline = area.y + head_px - 10;
  canvas.text({scale.frame.x, baseline}, plot.title, title_style);
  draw_legend(canvas, plot, scale.frame.right(), baseline);
}

std::string drawn_curves(PictureFormat format, const CurvePlot& plot, Size page_size) {
  Canvas canvas(format, page_size);
  draw_curves(canvas, {0, 0, page_size.width, page_size.height}, plot);
  return canvas.finish();
}

void write_curves(const std::string& path, const CurvePlot& plot, Size page_size) {
  constexpr double margin = 12;
  Canvas canvas(picture_format(path), page_size);
  draw_curves(
      canvas, {margin, margin, page_size.width - 2 * margin, page_size.height - 2 * margin}, plot);
  canvas.save(path);
}

}  // namespace limpid
