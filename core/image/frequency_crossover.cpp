#include "core/image/frequency_crossover.h"

#include "core/base/error.h"
#include "core/image/periodic_frame.h"
#include "core/image/radial_filter.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>

namespace limpid {
namespace {

// The filter reaches as far as 1 / (width of its slope), a few periods of the crossover.
std::int64_t reach_px(double crossover) {
  constexpr double periods = 1 / (crossover_end - crossover_begin);
  return static_cast<std::int64_t>(std::clamp(std::ceil(periods / crossover), 32.0, 512.0));
}

void pass_high(Spectrum& spectrum, double crossover) {
  filter_radially(spectrum,
                  [&](double frequency) { return crossover_weight(frequency, crossover); });
}

}  // namespace

double crossover_weight(double frequency, double crossover) {
  const double position =
      (frequency / crossover - crossover_begin) / (crossover_end - crossover_begin);
  return 0.5 - 0.5 * std::cos(std::numbers::pi * std::clamp(position, 0.0, 1.0));
}

void take_high_frequencies(Image& image, const Image& high, double crossover) {
  require(image.width() == high.width() && image.height() == high.height(),
          "frequencies of {} x {} pixels for an image of {} x {}",
          high.width(),
          high.height(),
          image.width(),
          image.height());
  // Of the difference, which has no edges and no level where the images agree.
  Image difference = high;
  for (std::size_t i = 0; i < difference.pixels().size(); ++i)
    difference.pixels()[i] -= image.pixels()[i];
  const PeriodicFrame frame(image.width(), image.height(), reach_px(crossover));
  Spectrum spectrum = fourier_transform(frame.add(difference));
  pass_high(spectrum, crossover);
  difference = frame.remove(inverse_fourier_transform(spectrum));
  for (std::size_t i = 0; i < difference.pixels().size(); ++i)
    image.pixels()[i] += difference.pixels()[i];
}

}  // namespace limpid
