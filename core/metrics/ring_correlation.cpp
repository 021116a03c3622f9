#include "core/metrics/ring_correlation.h"

#include "core/base/error.h"
#include "core/metrics/psnr.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace limpid {
namespace {

double spectral_snr(double correlation) {
  const double limited = std::clamp(correlation, 1e-3, 0.9999);
  return limited * limited / (1 - limited * limited);
}

}  // namespace

RingCorrelation measure_ring_correlation(const Image& a,
                                         const Image& b,
                                         double pixel_size_angstrom) {
  require_equal_size(a, b, "two images ring by ring");
  return ring_correlation_of(
      centred_transform(a, Taper::hann), centred_transform(b, Taper::hann), pixel_size_angstrom);
}

RingCorrelation ring_correlation_of(const Spectrum& a,
                                    const Spectrum& b,
                                    double pixel_size_angstrom) {
  if (!(pixel_size_angstrom > 0) || !std::isfinite(pixel_size_angstrom))
    fail(ErrorKind::input, "a pixel size of {} A, expected more than 0", pixel_size_angstrom);
  const RingSums sums = measure_ring_sums(a, b);
  const Rings rings(a.image_width(), a.image_height());
  RingCorrelation curve;
  for (std::int64_t ring = 0; ring < rings.count(); ++ring) {
    const auto k = static_cast<std::size_t>(ring);
    const double norm = std::sqrt(sums.power_a[k]) * std::sqrt(sums.power_b[k]);
    curve.frequency.push_back(rings.frequency(ring) / pixel_size_angstrom);
    curve.correlation.push_back(norm > 0 ? sums.cross[k] / norm : 0.0);
    curve.modes.push_back(sums.modes[k]);
  }
  return curve;
}

std::optional<double> band_average(const RingCorrelation& curve, const ResolutionBand& band) {
  double sum = 0, modes = 0;
  for (std::size_t k = 0; k < curve.frequency.size(); ++k)
    if (curve.frequency[k] >= 1 / band.coarse_angstrom &&
        curve.frequency[k] < 1 / band.fine_angstrom) {
      sum += curve.correlation[k] * curve.modes[k];
      modes += curve.modes[k];
    }
  if (modes == 0)
    return std::nullopt;
  return sum / modes;
}

std::optional<double> band_gain_db(const RingCorrelation& denoised,
                                   const RingCorrelation& noisy,
                                   const ResolutionBand& band) {
  constexpr double least_correlation = 0.03;
  const std::optional<double> after = band_average(denoised, band);
  const std::optional<double> before = band_average(noisy, band);
  if (!after || !before || *before <= least_correlation)
    return std::nullopt;
  return decibel(spectral_snr(*after) / spectral_snr(*before));
}

std::optional<double> finest_resolution_angstrom(const RingCorrelation& curve, double threshold) {
  const std::vector<double>& values = curve.correlation;
  for (std::size_t k = values.size(); k-- > 1;) {
    const double next = values[std::min(k + 1, values.size() - 1)];
    if ((values[k - 1] + values[k] + next) / 3 >= threshold)
      return 1 / curve.frequency[k];
  }
  return std::nullopt;
}

}  // namespace limpid
