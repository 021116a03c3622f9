#include "plugin/drawing/spectrum_view.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace limpid {
namespace {

// Of the Gaussian that smooths along frequency, cycles per pixel: wider than the distance between
// Thon rings at usual defocus, so that they stay in the picture and not in the background.
constexpr double background_sigma = 0.02;

double log_of_power(double power) {
  return std::log(std::max(power, 1e-30));
}

// Averaged over neighbouring frequencies with binomial weights (1 2 1): what is left of the speckle
// would hide faint rings.
PowerSpectrum smoothed(const PowerSpectrum& spectrum) {
  constexpr std::array<double, 3> weights = {0.25, 0.5, 0.25};
  // With one more frequency on every side, so that the sums below need not look where they are.
  Image wider(spectrum.power.width() + 2, spectrum.power.height() + 2);
  for (std::int64_t y = 0; y < wider.height(); ++y)
    for (std::int64_t x = 0; x < wider.width(); ++x)
      wider.at(x, y) = static_cast<float>(spectrum.at(x - 1, y - 1));
  PowerSpectrum result = spectrum;
  for (std::int64_t y = 0; y < spectrum.power.height(); ++y)
    for (std::int64_t x = 0; x < spectrum.power.width(); ++x) {
      double sum = 0;
      for (std::int64_t dy = 0; dy < 3; ++dy)
        for (std::int64_t dx = 0; dx < 3; ++dx)
          sum += weights[static_cast<std::size_t>(dy)] * weights[static_cast<std::size_t>(dx)] *
                 static_cast<double>(wider.at(x + dx, y + dy));
      result.power.at(x, y) = static_cast<float>(sum);
    }
  return result;
}

}  // namespace

SpectrumBackground::SpectrumBackground(const PowerSpectrum& spectrum)
    : tile_px_(spectrum.tile_px), log_power_(spectrum.ring_power.size()) {
  const auto count = static_cast<std::int64_t>(log_power_.size());
  const double sigma_rings = background_sigma * static_cast<double>(tile_px_);
  const auto reach = static_cast<std::int64_t>(std::ceil(3 * sigma_rings));
  for (std::int64_t ring = 0; ring < count; ++ring) {
    double sum = 0, weights = 0;
    for (std::int64_t other = ring - reach; other <= ring + reach; ++other) {
      // Beyond both ends the end itself counts, or the steep rise at the centre would be lost.
      const auto index = static_cast<std::size_t>(std::clamp<std::int64_t>(other, 0, count - 1));
      const double distance = static_cast<double>(other - ring) / std::max(sigma_rings, 1e-6);
      const double weight = std::exp(-0.5 * distance * distance);
      sum += weight * log_of_power(spectrum.ring_power[index]);
      weights += weight;
    }
    log_power_[static_cast<std::size_t>(ring)] = sum / weights;
  }
}

double SpectrumBackground::log_power(double frequency) const {
  const double last = static_cast<double>(log_power_.size() - 1);
  const double ring = std::min(frequency * static_cast<double>(tile_px_), last);
  const auto lower = static_cast<std::size_t>(ring);
  const std::size_t upper = std::min(lower + 1, log_power_.size() - 1);
  const double part = ring - static_cast<double>(lower);
  return (1 - part) * log_power_[lower] + part * log_power_[upper];
}

Image spectrum_picture(const PowerSpectrum& spectrum,
                       const SpectrumBackground& background,
                       double highest_frequency,
                       std::int64_t side_px) {
  const PowerSpectrum smooth = smoothed(spectrum);
  Image picture(side_px, side_px);
  const double step = 2 * highest_frequency / static_cast<double>(side_px);
  const auto frequency = [&](std::int64_t position) {
    return (static_cast<double>(position) + 0.5) * step - highest_frequency;
  };
  for (std::int64_t y = 0; y < side_px; ++y)
    for (std::int64_t x = 0; x < side_px; ++x) {
      const double radius = std::hypot(frequency(x), frequency(y));
      picture.at(x, y) =
          static_cast<float>(log_of_power(smooth.interpolated(frequency(x), frequency(y))) -
                             background.log_power(radius));
    }
  return picture;
}

}  // namespace limpid
