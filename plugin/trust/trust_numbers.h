#pragma once

#include "core/image/image.h"
#include "core/metrics/ring_correlation.h"
#include "plugin/trust/white_noise.h"

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

// What can be said of a denoised micrograph without knowing the truth. trust_columns.h has the
// formulas.
namespace limpid {

// Parts of one micrograph and of what was made of it, all from the same place (trust_window.h).
struct TrustInput {
  const Image& raw;
  const Image& denoised;
  const Image* whole = nullptr;  // the whole result, for its seams; null: `denoised`
  const Image* even = nullptr;   // the raw halves; both or none
  const Image* odd = nullptr;
  double pixel_size_angstrom = 1;
  std::uint64_t seed = 0;
  WhiteNoises* noises = nullptr;  // made already, or to be kept for others; null: for this alone
  std::function<void(Image&)> denoise;  // in place, as the micrograph was
};

struct TrustNumbers {
  // Variance of the signal over that of the noise (of the error, after), of the whole micrograph;
  // missing where the halves show no signal.
  std::optional<double> snr_before;
  std::optional<double> snr_before_error;  // one standard error
  std::optional<double> snr_after;
  std::optional<double> snr_after_error;
  std::optional<double> error_fraction;  // squared distance from the signal, per signal; unbiased
  std::optional<double> bias_fraction;   // squared distance of the expected result, per signal
  // The most by which FRC(denoised even, raw odd) exceeds its bound: above 0.05 something leaks.
  std::optional<double> frc_excess;
  // FRC(denoised even, raw odd) in the bands of resolution_bands, and the bound on it.
  std::array<std::optional<double>, resolution_bands.size()> frc;
  std::array<std::optional<double>, resolution_bands.size()> frc_bound;
  // Of the halves where there is no signal, in standard errors: beyond 5 they share a pattern.
  std::optional<double> half_dependence;
  bool has_equal_halves = false;  // nothing can be known from them then
  // What is left of noise with the spectrum of the noise (noise_model.h): standard deviation after
  // over before, of all frequencies and of those from 1/300 to 1/20 A.
  double noise_left = 0;
  double band_noise_left = 0;
  double noise_peak = 0;  // the largest deviation in what is left, in its standard deviations
  double noise_peak_contrast = 0;  // the same in standard deviations of the result
  // Of the strongest straight edge in the result (core/metrics/seam.h).
  double seam = 1;
  // Of the removed with the denoised pixels; 0 is best.
  double removed_correlation = 0;
};

// Throws Error(input) when sizes differ or the part is constant.
TrustNumbers measure_trust(const TrustInput& input);

// For reports and lists: only numbers that exist, under the names of the members.
std::map<std::string, double> as_map(const TrustNumbers& numbers);

// What cannot be known and what is suspicious, for people; empty when all is well.
std::string trust_remark(const std::map<std::string, double>& numbers);
bool has_equal_halves(const std::map<std::string, double>& numbers);
// Spots of pure noise that are as high as what the result is made of.
bool makes_spots(const std::map<std::string, double>& numbers);
// Between tiles, or in one tile a line of bad pixels.
bool has_straight_edge(const std::map<std::string, double>& numbers);
// The part of it that is about what was found, without what cannot be known.
std::string trust_warning(const std::map<std::string, double>& numbers);

}  // namespace limpid
