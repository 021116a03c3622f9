#include "core/metrics/half_metrics.h"

#include "core/metrics/psnr.h"
#include "core/metrics/rings.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

namespace limpid {
namespace {

constexpr double outer_frequency_low = 0.4;  // cycles per pixel
constexpr double outer_frequency_high = 0.5;
constexpr std::size_t largest_group_count = 20;
constexpr double largest_judged_error = 0.03;

double ratio_or_infinity(double numerator, double denominator) {
  return denominator > 0 ? numerator / denominator : std::numeric_limits<double>::infinity();
}

HalfIndependence measure_independence(const RingCorrelation& frc, double pixel_size_angstrom) {
  const double low = std::max(outer_frequency_low, pixel_size_angstrom / finest_signal_angstrom);
  double sum = 0, modes = 0;
  for (std::size_t k = 0; k < frc.frequency.size(); ++k) {
    const double cycles_per_pixel = frc.frequency[k] * pixel_size_angstrom;
    if (cycles_per_pixel < low || cycles_per_pixel >= outer_frequency_high)
      continue;
    sum += frc.correlation[k] * frc.modes[k];
    modes += frc.modes[k];
  }
  if (modes == 0)
    return {};
  return {sum / modes, std::sqrt(taper_mode_correlation / modes)};
}

// Variances of the two parts of what chance does to the covariance of the halves (header): products
// of signal and noise, and of both noises. The powers within a ring are taken to be equal.
struct ChanceVariance {
  double signal_noise = 0;
  double noise_noise = 0;
};

ChanceVariance chance_variance(const RingSums& sums, const JointMoments& moments) {
  ChanceVariance chance;
  double power_even = 0, power_odd = 0;
  for (std::size_t k = 0; k < sums.modes.size(); ++k) {
    power_even += sums.power_a[k];
    power_odd += sums.power_b[k];
    if (!(sums.modes[k] > 0))
      continue;
    const double signal = std::max(0.0, sums.cross[k]);
    const double noise_even = std::max(0.0, sums.power_a[k] - signal);
    const double noise_odd = std::max(0.0, sums.power_b[k] - signal);
    chance.signal_noise += signal * (noise_even + noise_odd) / sums.modes[k];
    chance.noise_noise += noise_even * noise_odd / sums.modes[k];
  }
  const double norm = power_even * power_odd;
  const double scale = norm > 0 ? moments.variance_a * moments.variance_b / norm : 0.0;
  chance.signal_noise *= scale;
  chance.noise_noise *= scale;
  return chance;
}

RingCorrelation average_of(const RingCorrelation& a, const RingCorrelation& b) {
  RingCorrelation result = a;
  for (std::size_t k = 0; k < result.correlation.size(); ++k)
    result.correlation[k] = 0.5 * (a.correlation[k] + b.correlation[k]);
  return result;
}

// sqrt(max(0, F)) of the mean F of up to five neighbouring rings.
double bound_at(const RingCorrelation& raw, std::size_t ring) {
  double sum = 0, modes = 0;
  for (std::size_t k = std::max<std::size_t>(ring, 3) - 2;
       k <= std::min(ring + 2, raw.modes.size() - 1);
       ++k) {
    sum += raw.modes[k] * raw.correlation[k];
    modes += raw.modes[k];
  }
  return std::sqrt(std::max(0.0, sum / modes));
}

BoundedCurve bounded_curve(const RingCorrelation& with_raw, const RingCorrelation& raw) {
  BoundedCurve curve;
  // Ring 0 holds what the taper makes of the mean.
  const std::size_t rings = raw.modes.size() - 1;
  const std::size_t groups = std::min(largest_group_count, rings);
  for (std::size_t group = 0; group < groups; ++group) {
    double modes = 0, frequency = 0, correlation = 0, bound = 0;
    for (std::size_t k = 1 + rings * group / groups; k < 1 + rings * (group + 1) / groups; ++k) {
      modes += raw.modes[k];
      frequency += raw.modes[k] * raw.frequency[k];
      correlation += raw.modes[k] * with_raw.correlation[k];
      bound += raw.modes[k] * bound_at(raw, k);
    }
    correlation /= modes;
    curve.frequency.push_back(frequency / modes);
    curve.correlation.push_back(correlation);
    curve.bound.push_back(bound / modes);
    curve.standard_error.push_back((1 - correlation * correlation) *
                                   std::sqrt(taper_mode_correlation / modes));
  }
  return curve;
}

struct RingCurves {
  RingCorrelation raw;
  RingCorrelation with_raw;
  RingCorrelation denoised;
};

// Holds three transforms at most.
RingCurves measure_curves(const HalfPair& raw,
                          const HalfPair& denoised,
                          double pixel_size_angstrom) {
  const auto correlate = [&](const Spectrum& a, const Spectrum& b) {
    return ring_correlation_of(a, b, pixel_size_angstrom);
  };
  RingCurves curves;
  const Spectrum raw_even = centred_transform(raw.even, Taper::hann);
  Spectrum raw_odd = centred_transform(raw.odd, Taper::hann);
  curves.raw = correlate(raw_even, raw_odd);
  Spectrum denoised_even = centred_transform(denoised.even, Taper::hann);
  const RingCorrelation even_with_odd = correlate(denoised_even, raw_odd);
  raw_odd = Spectrum();
  const Spectrum denoised_odd = centred_transform(denoised.odd, Taper::hann);
  curves.denoised = correlate(denoised_even, denoised_odd);
  denoised_even = Spectrum();
  curves.with_raw = average_of(even_with_odd, correlate(denoised_odd, raw_even));
  return curves;
}

}  // namespace

RawHalfMetrics measure_raw_halves(const HalfPair& raw, double pixel_size_angstrom) {
  require_equal_size(raw.even, raw.odd, "the halves");
  const JointMoments moments = measure_joint_moments(raw.even, raw.odd);
  RawHalfMetrics metrics;
  metrics.signal_variance = moments.covariance;
  metrics.noise_variance_even = moments.variance_a - moments.covariance;
  metrics.noise_variance_odd = moments.variance_b - moments.covariance;
  metrics.correlation = moments.correlation();
  metrics.snr_half = ratio_or_infinity(metrics.correlation, 1 - metrics.correlation);
  metrics.snr_full = 2 * metrics.snr_half;
  const Spectrum even = centred_transform(raw.even, Taper::hann);
  const Spectrum odd = centred_transform(raw.odd, Taper::hann);
  const ChanceVariance chance = chance_variance(measure_ring_sums(even, odd), moments);
  metrics.signal_standard_error = std::sqrt(chance.signal_noise + chance.noise_noise);
  // Only the products of both noises change the noise variance, the denominator, too.
  const double noise = std::sqrt(moments.variance_a * moments.variance_b) - metrics.signal_variance;
  metrics.snr_full_standard_error = ratio_or_infinity(
      2 * std::sqrt(chance.signal_noise +
                    chance.noise_noise * std::pow(1 + std::max(0.0, metrics.snr_half), 2)),
      noise);
  metrics.frc = ring_correlation_of(even, odd, pixel_size_angstrom);
  metrics.independence = measure_independence(metrics.frc, pixel_size_angstrom);
  return metrics;
}

double BoundedCurve::largest_excess() const {
  double largest = -std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < correlation.size(); ++i)
    if (standard_error[i] <= largest_judged_error)
      largest = std::max(largest, correlation[i] - bound[i]);
  return largest;
}

DenoisedHalfMetrics measure_denoised_halves(const HalfPair& raw,
                                            const HalfPair& denoised,
                                            double pixel_size_angstrom) {
  require_equal_size(raw.even, raw.odd, "the halves");
  require_equal_size(raw.even, denoised.even, "the even half and its denoised image");
  require_equal_size(raw.odd, denoised.odd, "the odd half and its denoised image");
  const JointMoments raw_raw = measure_joint_moments(raw.even, raw.odd);
  const JointMoments even_raw = measure_joint_moments(denoised.even, raw.odd);
  const JointMoments odd_raw = measure_joint_moments(denoised.odd, raw.even);
  const JointMoments both = measure_joint_moments(denoised.even, denoised.odd);

  const double signal = raw_raw.covariance;
  const double noise = 0.5 * (raw_raw.variance_a + raw_raw.variance_b) - signal;
  const double with_signal = 0.5 * (even_raw.covariance + odd_raw.covariance);
  DenoisedHalfMetrics metrics;
  metrics.mse = 0.5 * (even_raw.difference_variance + odd_raw.difference_variance) - noise;
  metrics.noise_variance = 0.5 * (both.variance_a + both.variance_b) - both.covariance;
  metrics.bias_variance = both.covariance + signal - 2 * with_signal;
  metrics.mse_of_average = 0.5 * (metrics.mse + metrics.bias_variance);
  metrics.snr_half = ratio_or_infinity(signal, metrics.mse);
  metrics.snr_of_average = ratio_or_infinity(signal, metrics.mse_of_average);
  metrics.bias_fraction = metrics.bias_variance / signal;
  metrics.fitted_scale = both.covariance > 0 ? with_signal / both.covariance : 0.0;
  metrics.fitted_bias_fraction = (signal - metrics.fitted_scale * with_signal) / signal;

  RingCurves curves = measure_curves(raw, denoised, pixel_size_angstrom);
  metrics.bounded = bounded_curve(curves.with_raw, curves.raw);
  metrics.frc_with_raw = std::move(curves.with_raw);
  metrics.frc_with_denoised = std::move(curves.denoised);
  return metrics;
}

}  // namespace limpid
