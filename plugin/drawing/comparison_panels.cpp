#include "plugin/drawing/comparison_panels.h"

#include "plugin/drawing/comparison_spectra.h"
#include "plugin/drawing/scale_bar.h"
#include "plugin/drawing/spectrum_view.h"

#include <algorithm>

namespace limpid {
namespace {

constexpr double least_height_for_scale_bar = 120;
constexpr double longest_enlarged_px = 400;

Size size_of(const Image& image, std::int64_t zoom) {
  return {static_cast<double>(zoom * image.width()), static_cast<double>(zoom * image.height())};
}

GreyImage rounded_grey(const Image& image, const GreyWindow& window) {
  GreyImage grey = to_grey(image, window);
  round_greys_of_noise(grey);
  return grey;
}

}  // namespace

std::string panel_png(const ComparisonPicture& comparison, std::size_t panel) {
  const ComparisonPanel& shown = comparison.panels[panel];
  const auto longer = static_cast<double>(std::max(shown.picture.width(), shown.picture.height()));
  const auto zoom =
      std::max<std::int64_t>(1, static_cast<std::int64_t>(longest_enlarged_px / longer));
  const Size size = size_of(shown.picture, zoom);
  const Rectangle area{0, 0, size.width, size.height};
  Canvas canvas(PictureFormat::png, size);
  canvas.image(rounded_grey(shown.picture, shown.window), area);
  if (comparison.pixel_size_angstrom && size.height >= least_height_for_scale_bar) {
    const double angstrom_per_px = *comparison.pixel_size_angstrom *
                                   static_cast<double>(comparison.block_px) /
                                   static_cast<double>(zoom);
    draw_scale_bar(canvas, area, choose_scale_bar(angstrom_per_px, size.width / 4));
  }
  return canvas.finish_in_grey();
}

std::string spectrum_png(const ComparisonPicture& comparison,
                         std::size_t panel,
                         std::int64_t side_px) {
  const ComparisonPanel& shown = comparison.panels[panel];
  const SpectrumBackground background(comparison.panels.front().spectrum);
  const Image spectrum =
      spectrum_picture(shown.spectrum, background, highest_frequency(comparison), side_px);
  return image_png(spectrum, shown.spectrum_window, 1);
}

std::string image_png(const Image& image, const GreyWindow& window, std::int64_t zoom) {
  const Size size = size_of(image, zoom);
  Canvas canvas(PictureFormat::png, size);
  canvas.image(rounded_grey(image, window), {0, 0, size.width, size.height});
  return canvas.finish_in_grey();
}

}  // namespace limpid
