#include "core/base/parallel.h"
#include "plugin/drawing/comparison.h"
#include "plugin/drawing/comparison_spectra.h"
#include "plugin/drawing/curves.h"
#include "plugin/drawing/scale_bar.h"
#include "plugin/drawing/spectrum_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace limpid {
namespace {

constexpr double margin = 20;
constexpr double column_gap = 18;
constexpr double title_height = 34;
constexpr double caption_height = 28;
constexpr double tick_height = 22;
constexpr double curves_height = 250;
constexpr double footer_line_height = 24;
constexpr double narrowest_column = 340;
constexpr double least_height_for_scale_bar = 120;

constexpr TextStyle title_style = {.size_px = 18, .is_bold = true};
constexpr TextStyle panel_style = {.size_px = 15, .is_bold = true};
constexpr TextStyle caption_style = {.size_px = 13, .color = colors::faint_text};
constexpr TextStyle footer_style = {.size_px = 15};

// Where things are on the page.
struct Layout {
  double zoom = 1;  // px of the page for one of a panel's picture
  Size picture;
  double column_width = 0;
  double pictures_y = 0;
  double spectra_y = 0;
  double spectrum_side = 0;
  double curves_y = 0;
  double footer_y = 0;
  Size page;

  double column_x(std::size_t column) const {
    return margin + static_cast<double>(column) * (column_width + column_gap);
  }
  Rectangle picture_area(std::size_t column) const {
    const double x = column_x(column) + std::floor((column_width - picture.width) / 2);
    return {x, pictures_y, picture.width, picture.height};
  }
  Rectangle spectrum_area(std::size_t column) const {
    const double x = column_x(column) + std::floor((column_width - spectrum_side) / 2);
    return {x, spectra_y, spectrum_side, spectrum_side};
  }
};

Layout lay_out(const ComparisonPicture& comparison) {
  const Image& first = comparison.panels.front().picture;
  Layout layout;
  // Small pictures are enlarged by whole numbers, which keeps their pixels square and sharp.
  const auto longer = static_cast<double>(std::max(first.width(), first.height()));
  layout.zoom = std::max(1.0, std::floor(narrowest_column / longer));
  layout.picture = {layout.zoom * static_cast<double>(first.width()),
                    layout.zoom * static_cast<double>(first.height())};
  layout.column_width = std::max(layout.picture.width, narrowest_column);
  layout.spectrum_side = layout.column_width;
  const auto columns = static_cast<double>(comparison.panels.size());
  layout.page.width = 2 * margin + columns * layout.column_width + (columns - 1) * column_gap;
  layout.pictures_y = margin + title_height + caption_height;
  layout.spectra_y = layout.pictures_y + layout.picture.height + caption_height + 8;
  layout.curves_y = layout.spectra_y + layout.spectrum_side + tick_height + 14;
  layout.footer_y = layout.curves_y + curves_height + 4;
  layout.page.height = layout.footer_y + margin;
  return layout;
}

// With as many digits as tell the two ends apart.
std::string range_text(const GreyWindow& window) {
  const double digits = window.width() > 0 ? 2 - std::floor(std::log10(window.width())) : 3;
  const int decimals = static_cast<int>(std::clamp(digits, 0.0, 9.0));
  const auto text = [&](double value) {
    return fmt::format("{}{:.{}f}", value < 0 ? "\u2212" : "", std::abs(value), decimals);
  };
  return fmt::format("grey scale {} to {}", text(window.low), text(window.high));
}

void draw_title(Canvas& canvas, const ComparisonPicture& comparison, const Layout& layout) {
  const double right = layout.page.width - margin;
  const std::string facts = comparison_facts(comparison);
  TextStyle style = caption_style;
  style.align = TextAlign::right;
  const double baseline = margin + 18;
  canvas.text({right, baseline}, facts, style);
  const double width = right - margin - canvas.text_width(facts, style) - 30;
  canvas.text(
      {margin, baseline}, canvas.fitted_text(comparison.title, width, title_style), title_style);
}

void draw_caption(Canvas& canvas,
                  const Rectangle& area,
                  const std::string& title,
                  const TextStyle& title_text,
                  const std::string& remark) {
  TextStyle style = caption_style;
  style.align = TextAlign::right;
  canvas.text({area.x, area.y - 9}, title, title_text);
  canvas.text({area.right(), area.y - 9}, remark, style);
}

// Resolutions under the right half of a spectrum.
void draw_resolution_ticks(Canvas& canvas, const Rectangle& area, double angstrom_at_side) {
  constexpr double least_distance = 38;
  TextStyle style = caption_style;
  double last_x = area.right() + least_distance;
  for (const double angstrom : {5.0, 6.0, 8.0, 10.0, 15.0, 20.0, 30.0, 50.0, 100.0}) {
    const double x = area.centre_x() + area.width / 2 * angstrom_at_side / angstrom;
    if (x > area.right() + 0.5 || last_x - x < least_distance ||
        x - area.centre_x() < least_distance)
      continue;
    style.align = x > area.right() - 20 ? TextAlign::right : TextAlign::centre;
    canvas.line({x, area.bottom()}, {x, area.bottom() + 5}, {1, colors::frame});
    canvas.text(
        {std::min(x + 6, style.align == TextAlign::right ? area.right() : x), area.bottom() + 18},
        fmt::format("{:.0f} \u00c5", angstrom),
        style);
    last_x = x;
  }
}

std::string lower_case(std::string title) {
  for (char& letter : title)
    if (letter >= 'A' && letter <= 'Z')
      letter = static_cast<char>(letter - 'A' + 'a');
  return title;
}

std::vector<PanelGreys> panel_greys(const ComparisonPicture& comparison, const Layout& layout) {
  const SpectrumBackground background(comparison.panels.front().spectrum);
  std::vector<PanelGreys> greys(comparison.panels.size());
  const auto make = [&](std::int64_t begin, std::int64_t end) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
      const ComparisonPanel& panel = comparison.panels[i];
      greys[i] = {to_grey(panel.picture, panel.window),
                  to_grey(spectrum_picture(panel.spectrum,
                                           background,
                                           highest_frequency(comparison),
                                           static_cast<std::int64_t>(layout.spectrum_side)),
                          panel.spectrum_window)};
    }
  };
  parallel_for(static_cast<std::int64_t>(greys.size()), 1, make);
  return greys;
}

void draw_panel(Canvas& canvas,
                const ComparisonPicture& comparison,
                const Layout& layout,
                const PanelGreys& greys,
                std::size_t column) {
  const ComparisonPanel& panel = comparison.panels[column];
  const Rectangle picture = layout.picture_area(column);
  draw_caption(canvas,
               {layout.column_x(column), picture.y, layout.column_width, picture.height},
               panel.title,
               panel_style,
               range_text(panel.window));
  canvas.image(greys.picture, picture);
  canvas.outline(picture, {1, colors::frame});
  if (column == 0 && comparison.pixel_size_angstrom &&
      picture.height >= least_height_for_scale_bar) {
    const double angstrom_per_px =
        *comparison.pixel_size_angstrom * static_cast<double>(comparison.block_px) / layout.zoom;
    draw_scale_bar(canvas, picture, choose_scale_bar(angstrom_per_px, picture.width / 4));
  }

  const Rectangle area = layout.spectrum_area(column);
  draw_caption(canvas,
               area,
               "Power spectrum",
               footer_style,
               fmt::format("{:.2g} to {:.2g} \u00d7 smooth {}",
                           std::exp(panel.spectrum_window.low),
                           std::exp(panel.spectrum_window.high),
                           lower_case(comparison.panels.front().title)));
  canvas.image(greys.spectrum, area);
  canvas.outline(area, {1, colors::frame});
  if (comparison.pixel_size_angstrom)
    draw_resolution_ticks(
        canvas, area, *comparison.pixel_size_angstrom / highest_frequency(comparison));
}

// The numbers below the pictures, from left to right on as many lines as they need.
struct FooterEntry {
  Point position;
  std::string text;
};

std::vector<FooterEntry> lay_out_footer(const ComparisonPicture& comparison, const Layout& layout) {
  constexpr double entry_gap = 40;
  Canvas ruler(PictureFormat::png, {1, 1});
  std::vector<FooterEntry> entries;
  Point next{margin, layout.footer_y + footer_line_height - 8};
  for (const std::string& number : comparison.footer) {
    const double width = ruler.text_width(number, footer_style);
    if (next.x > margin && next.x + width > layout.page.width - margin)
      next = {margin, next.y + footer_line_height};
    entries.push_back({next, number});
    next.x += width + entry_gap;
  }
  return entries;
}

}  // namespace

std::string comparison_facts(const ComparisonPicture& comparison) {
  std::string facts = fmt::format("{} \u00d7 {} px", comparison.width_px, comparison.height_px);
  if (comparison.pixel_size_angstrom)
    facts += fmt::format(",  {:.4g} \u00c5/px", *comparison.pixel_size_angstrom);
  if (comparison.block_px > 1)
    facts += fmt::format(",  shown with {0} \u00d7 {0} px averaged", comparison.block_px);
  return facts;
}

Size comparison_size(const ComparisonPicture& comparison) {
  const Layout layout = lay_out(comparison);
  const std::vector<FooterEntry> footer = lay_out_footer(comparison, layout);
  return {layout.page.width,
          std::ceil(footer.empty() ? layout.page.height : footer.back().position.y + margin)};
}

void prepare_drawing(ComparisonPicture& comparison) {
  comparison.greys = panel_greys(comparison, lay_out(comparison));
}

void draw_comparison(Canvas& canvas, const ComparisonPicture& comparison) {
  const Layout layout = lay_out(comparison);
  draw_title(canvas, comparison, layout);
  const std::vector<PanelGreys> made =
      comparison.greys.empty() ? panel_greys(comparison, layout) : std::vector<PanelGreys>();
  const std::vector<PanelGreys>& greys = comparison.greys.empty() ? made : comparison.greys;
  for (std::size_t column = 0; column < greys.size(); ++column)
    draw_panel(canvas, comparison, layout, greys[column], column);
  CurvePlot curves = radial_power(comparison);
  curves.title = "Power spectrum, mean over rings";
  draw_curves(
      canvas, {margin, layout.curves_y, layout.page.width - 2 * margin, curves_height}, curves);
  for (const FooterEntry& entry : lay_out_footer(comparison, layout))
    canvas.text(entry.position, entry.text, footer_style);
}

void write_comparison(const std::string& path, const ComparisonPicture& comparison) {
  Canvas canvas(picture_format(path), comparison_size(comparison));
  draw_comparison(canvas, comparison);
  canvas.save(path);
}

}  // namespace limpid
