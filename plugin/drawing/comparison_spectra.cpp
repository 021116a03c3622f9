#include "plugin/drawing/comparison_spectra.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace limpid {
namespace {

// Frequency axis in cycles per pixel, labelled by what people call resolution where it is known.
Axis frequency_axis(const ComparisonPicture& comparison) {
  const double highest = highest_frequency(comparison);
  Axis axis{.label = "Spatial frequency (cycles per pixel)", .low = 0.0, .high = highest};
  if (!comparison.pixel_size_angstrom)
    return axis;
  axis.label = "Resolution (\u00c5)";
  double last = 0;
  for (const double angstrom : {100.0, 50.0, 30.0, 20.0, 15.0, 12.0, 10.0, 8.0, 7.0, 6.0, 5.0}) {
    const double frequency = *comparison.pixel_size_angstrom / angstrom;
    if (frequency > highest + 1e-9 || frequency - last < 0.03 * highest)
      continue;
    axis.ticks.push_back({frequency, fmt::format("{:g}", angstrom)});
    last = frequency;
  }
  return axis;
}

// The level of the raw micrograph's noise: the middle of its finer half.
double noise_power(const PowerSpectrum& raw) {
  const auto middle = static_cast<std::ptrdiff_t>(raw.ring_power.size() / 2);
  std::vector<double> fine(raw.ring_power.begin() + middle, raw.ring_power.end());
  const auto median = fine.begin() + static_cast<std::ptrdiff_t>(fine.size() / 2);
  std::nth_element(fine.begin(), median, fine.end());
  return *median;
}

}  // namespace

double highest_frequency(const ComparisonPicture& comparison) {
  constexpr double finest_angstrom = 5;
  return comparison.pixel_size_angstrom
             ? std::min(0.5, *comparison.pixel_size_angstrom / finest_angstrom)
             : 0.5;
}

CurvePlot radial_power(const ComparisonPicture& comparison) {
  // What is a thousand times weaker than the noise is as good as nothing.
  constexpr double least_power = 1e-3;
  CurvePlot plot;
  plot.x = frequency_axis(comparison);
  plot.y = {.label = "Power (noise = 1)", .is_logarithmic = true, .low = least_power};
  const double noise = noise_power(comparison.panels.front().spectrum);
  for (const ComparisonPanel& panel : comparison.panels) {
    Curve curve{.label = panel.title};
    // Ring 0 is the mean, the last one the corners.
    for (std::size_t ring = 1; ring + 1 < panel.spectrum.ring_power.size(); ++ring) {
      const double frequency =
          static_cast<double>(ring) / static_cast<double>(panel.spectrum.tile_px);
      if (frequency > *plot.x.high)
        break;
      curve.x.push_back(frequency);
      curve.y.push_back(panel.spectrum.ring_power[ring] / noise);
    }
    plot.curves.push_back(std::move(curve));
  }
  return plot;
}

}  // namespace limpid
