#include "plugin/evaluation/half_evaluation.h"

#include "core/base/error.h"
#include "core/image/statistics.h"
#include "core/metrics/psnr.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace limpid {
namespace {

constexpr double least_signal_standard_errors = 3;
constexpr double largest_innocent_excess = 0.05;
constexpr double suspicious_standard_errors = 5;

void require_finite(const Image& image, const char* what) {
  const std::int64_t count = measure_statistics(image).non_finite_count;
  if (count > 0)
    fail(ErrorKind::input,
         "the {}: {} of {} pixels are NaN or infinite",
         what,
         count,
         image.pixel_count());
}

// The covariance of halves without signal has the standard error noise / sqrt(pixels).
bool has_signal(const RawHalfMetrics& raw, std::int64_t pixel_count) {
  const double noise = 0.5 * (raw.noise_variance_even + raw.noise_variance_odd);
  return raw.signal_variance >
         least_signal_standard_errors * noise / std::sqrt(static_cast<double>(pixel_count));
}

HalfScore score_raw(const RawHalfMetrics& raw, bool with_signal) {
  HalfScore score;
  score.method = "raw halves";
  score.mse_half = 0.5 * (raw.noise_variance_even + raw.noise_variance_odd);
  score.mse_average = 0.5 * *score.mse_half;
  if (with_signal) {
    score.snr_half_db = decibel(raw.snr_half);
    score.snr_average_db = decibel(raw.snr_full);
  }
  for (std::size_t band = 0; band < resolution_bands.size(); ++band)
    if (const auto average = band_average(raw.frc, resolution_bands[band]))
      score.band_correlation[band] = std::sqrt(std::max(0.0, *average));
  if (std::isfinite(raw.independence.standard_error)) {
    score.outer_correlation = raw.independence.correlation;
    score.outer_standard_error = raw.independence.standard_error;
  }
  return score;
}

HalfScore score_denoised(const DenoisedHalfMetrics& denoised, bool with_signal) {
  HalfScore score;
  score.method = "denoised halves";
  score.mse_half = denoised.mse;
  score.mse_average = denoised.mse_of_average;
  if (with_signal) {
    score.snr_half_db = decibel(denoised.snr_half);
    score.snr_average_db = decibel(denoised.snr_of_average);
    score.bias_fraction = denoised.bias_fraction;
    score.fitted_bias_fraction = denoised.fitted_bias_fraction;
  }
  for (std::size_t band = 0; band < resolution_bands.size(); ++band)
    score.band_correlation[band] = band_average(denoised.frc_with_raw, resolution_bands[band]);
  if (const double excess = denoised.bounded.largest_excess(); std::isfinite(excess))
    score.largest_excess = excess;
  return score;
}

std::vector<std::string> find_warnings(const RawHalfMetrics& raw,
                                       const DenoisedHalfMetrics& denoised,
                                       bool with_signal) {
  std::vector<std::string> warnings;
  if (const auto warning = dependence_warning(raw))
    warnings.push_back(*warning);
  if (denoised.bounded.largest_excess() > largest_innocent_excess)
    warnings.push_back(
        fmt::format("FRC(denoised, other raw half) exceeds its bound by {:.3f}: a denoised half "
                    "knows noise of the other",
                    denoised.bounded.largest_excess()));
  if (!with_signal)
    warnings.push_back("the halves share no signal that could be measured");
  return warnings;
}

}  // namespace

std::optional<std::string> dependence_warning(const RawHalfMetrics& raw) {
  const HalfIndependence& independence = raw.independence;
  if (!(independence.correlation > suspicious_standard_errors * independence.standard_error))
    return std::nullopt;
  return fmt::format(
      "the halves are not independent: correlation {:.4f} +- {:.4f} at 0.4-0.5 cycles/px; what "
      "they share counts as signal",
      independence.correlation,
      independence.standard_error);
}

HalfScores evaluate_halves(const HalfPair& raw,
                           const HalfPair& denoised,
                           double pixel_size_angstrom,
                           const std::vector<NamedHalves>& others) {
  require_finite(raw.even, "even half");
  require_finite(raw.odd, "odd half");
  require_finite(denoised.even, "denoised even half");
  require_finite(denoised.odd, "denoised odd half");
  const RawHalfMetrics before = measure_raw_halves(raw, pixel_size_angstrom);
  DenoisedHalfMetrics after = measure_denoised_halves(raw, denoised, pixel_size_angstrom);
  HalfScores scores;
  scores.width_px = raw.even.width();
  scores.height_px = raw.even.height();
  scores.pixel_size_angstrom = pixel_size_angstrom;
  scores.signal_variance = before.signal_variance;
  scores.has_signal = has_signal(before, raw.even.pixel_count());
  scores.methods.push_back(score_denoised(after, scores.has_signal));
  scores.methods.push_back(score_raw(before, scores.has_signal));
  for (const NamedHalves& other : others) {
    scores.methods.push_back(
        score_denoised(measure_denoised_halves(raw, {other.even, other.odd}, pixel_size_angstrom),
                       scores.has_signal));
    scores.methods.back().method = other.method;
  }
  scores.warnings = find_warnings(before, after, scores.has_signal);
  scores.bounded = std::move(after.bounded);
  return scores;
}

}  // namespace limpid
