#pragma once

#include "core/metrics/half_metrics.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// Scores of a denoiser without a truth, from two halves of a micrograph with independent noise and
// what it made of each (core/metrics/half_metrics.h has the model and the formulas).
namespace limpid {

// The raw and the denoised halves in the same terms. Ratios to the signal are missing when there is
// no signal to be seen.
struct HalfScore {
  std::string method;
  std::optional<double> snr_half_db;     // of one half
  std::optional<double> snr_average_db;  // of the mean of both
  std::optional<double> mse_half;
  std::optional<double> mse_average;
  std::optional<double> bias_fraction;  // squared error that averaging cannot remove, / signal
  std::optional<double> fitted_bias_fraction;  // the same after the best grey-scale factor
  // FRC of a denoised half with the other raw half; for the raw halves the bound on it.
  std::array<std::optional<double>, resolution_bands.size()> band_correlation;
  std::optional<double> largest_excess;     // of this FRC over its bound; above 0.05: a leak
  std::optional<double> outer_correlation;  // of the raw halves, where there is no signal
  std::optional<double> outer_standard_error;
};

struct HalfScores {
  std::int64_t width_px = 0;
  std::int64_t height_px = 0;
  double pixel_size_angstrom = 0;
  double signal_variance = 0;
  bool has_signal = true;          // signal variance above three standard errors
  std::vector<HalfScore> methods;  // denoised halves, raw halves, others
  BoundedCurve bounded;
  // Lines for the reader: what makes these numbers doubtful.
  std::vector<std::string> warnings;
};

// A line for the reader about raw halves that share noise; none where no such is seen.
std::optional<std::string> dependence_warning(const RawHalfMetrics& raw);

// Further denoised halves, such as those of a filter.
struct NamedHalves {
  std::string method;
  Image even;
  Image odd;
};

// Throws Error(input) when sizes differ, a pixel is not finite, or the pixel size is not above 0.
HalfScores evaluate_halves(const HalfPair& raw,
                           const HalfPair& denoised,
                           double pixel_size_angstrom,
                           const std::vector<NamedHalves>& others = {});

}  // namespace limpid
