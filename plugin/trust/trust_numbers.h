#pragma once

#include "core/image/image.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

// What can be said of a denoised micrograph without knowing the truth. All is measured on a square
// from its middle, so that it costs little beside denoising the whole.
namespace limpid {

struct TrustInput {
  const Image& raw;
  double pixel_size_angstrom = 1;
  const Image* even = nullptr;  // the raw halves; both or none
  const Image* odd = nullptr;
  std::uint64_t seed = 0;
  // Denoises an image of any size in place, as the micrograph itself is.
  std::function<void(Image&)> denoise;
};

// Numbers that need halves are missing without them. core/metrics/half_metrics.h has the formulas.
struct TrustNumbers {
  // Variance of the signal over that of the noise (of the error, after), of the whole micrograph;
  // missing where the halves show no signal.
  std::optional<double> snr_before;
  std::optional<double> snr_after;
  std::optional<double> bias_fraction;  // squared distance of the expected result, per signal
  // The most by which FRC(denoised even, raw odd) exceeds its bound: above 0.05 something leaks.
  std::optional<double> frc_excess;
  // Of the halves where there is no signal, in standard errors: beyond 5 they share a pattern.
  std::optional<double> half_dependence;
  // What is left of noise with the spectrum of the noise (without halves: of the micrograph):
  // standard deviation after over before, of all frequencies and of those from 1/300 to 1/20 A.
  double noise_left = 0;
  double band_noise_left = 0;
  // Of the removed with the denoised pixels; 0 is best.
  double removed_correlation = 0;
  std::string remark;  // what cannot be known, or what is suspicious; may be empty
};

// Throws Error(input) when the halves have another size than the micrograph.
TrustNumbers measure_trust(const TrustInput& input);

// For reports: only numbers that exist.
std::map<std::string, double> as_map(const TrustNumbers& numbers);

}  // namespace limpid
