#include "plugin/drawing/comparison.h"

#include "core/base/error.h"
#include "plugin/drawing/area_average.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace limpid {
namespace {

constexpr std::int64_t longest_panel_side_px = 520;

// Rings of neighbouring Thon maxima are told apart by tiles some hundred angstrom wide.
std::int64_t spectrum_tile_px(const std::optional<double>& pixel_size_angstrom) {
  constexpr double tile_angstrom = 600;
  const double tile = tile_angstrom / pixel_size_angstrom.value_or(tile_angstrom / 512);
  return 2 * static_cast<std::int64_t>(std::clamp(tile, 256.0, 1024.0) / 2);
}

Image difference(const Image& a, const Image& b) {
  Image result(a.width(), a.height());
  for (std::int64_t i = 0; i < a.pixel_count(); ++i) {
    const auto index = static_cast<std::size_t>(i);
    result.pixels()[index] = a.pixels()[index] - b.pixels()[index];
  }
  return result;
}

void choose_windows(std::vector<ComparisonPanel>& panels) {
  // Faint rings need a narrow range; a wide one shows how much of each frequency is kept.
  const GreyWindow rings = {std::log(0.5), std::log(2.0)};
  const GreyWindow wide = {std::log(0.01), std::log(3.0)};
  std::vector<const Image*> clean;
  for (const std::size_t i : {std::size_t{1}, std::size_t{3}})
    if (i < panels.size())
      clean.push_back(&panels[i].picture);
  const GreyWindow clean_window = measure_window(clean);
  for (std::size_t i = 1; i < panels.size(); i += 2) {
    panels[i].window = clean_window;
    panels[i].spectrum_window = wide;
  }
  const Image* const raw[] = {&panels[0].picture};
  const Image* const removed[] = {&panels[2].picture};
  panels[0].window = measure_window(raw);
  const GreyWindow own = measure_window(removed);
  const double middle = (own.low + own.high) / 2;
  const double half = panels[0].window.width() / 2;
  panels[2].window = {middle - half, middle + half};
  panels[0].spectrum_window = panels[2].spectrum_window = rings;
}

}  // namespace

ComparisonPicture make_comparison(const ComparisonInput& input) {
  require(input.raw != nullptr && input.denoised != nullptr, "a comparison without images");
  const Image& raw = *input.raw;
  const auto check_size = [&](const Image& image, const char* what) {
    if (image.width() != raw.width() || image.height() != raw.height())
      fail(ErrorKind::input,
           "the {} micrograph has {} x {} pixels, the raw one {} x {}",
           what,
           image.width(),
           image.height(),
           raw.width(),
           raw.height());
  };
  check_size(*input.denoised, "denoised");
  if (input.truth != nullptr)
    check_size(*input.truth, "true");

  ComparisonPicture picture{.title = input.title,
                            .width_px = raw.width(),
                            .height_px = raw.height(),
                            .pixel_size_angstrom = input.pixel_size_angstrom,
                            .block_px = block_for_side(raw, longest_panel_side_px),
                            .footer = input.footer};
  const std::int64_t tile = spectrum_tile_px(input.pixel_size_angstrom);
  const auto add = [&](const std::string& title, const Image& image) {
    picture.panels.push_back({.title = title,
                              .picture = area_average(image, picture.block_px),
                              .spectrum = measure_power_spectrum(image, nullptr, tile)});
  };
  add(input.titles.raw, raw);
  add(input.titles.denoised, *input.denoised);
  picture.panels.push_back(
      {.title = input.titles.removed,
       .picture = difference(picture.panels[0].picture, picture.panels[1].picture),
       .spectrum = measure_power_spectrum(raw, input.denoised, tile)});
  if (input.truth != nullptr)
    add("Truth", *input.truth);
  choose_windows(picture.panels);
  return picture;
}

}  // namespace limpid
