#pragma once

#include "core/image/image.h"
#include "core/metrics/ring_correlation.h"

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// Scores of images against the noiseless truth of one micrograph, always beside what needs no
// network: the noisy image, a constant, and the best filters of their kind (core/metrics says which
// formulas these are).
namespace limpid {

// Numbers that do not exist are missing: band gains where the noisy image has no signal,
// correlations of a constant, and all but the last two where the truth has no signal.
struct MethodScore {
  std::string method;
  std::optional<double> psnr_db;  // the data range is that of the truth
  std::optional<double> fitted_psnr_db;
  std::optional<double> ssim;
  std::optional<double> fitted_ssim;  // after the grey-scale map of the fitted PSNR
  std::optional<double> snr_db;
  std::optional<double> correlation;
  std::optional<double> resolution_angstrom;  // where the FRC with the truth is 0.5
  std::array<std::optional<double>, resolution_bands.size()> band_gain_db;
  std::optional<double> gaussian_sigma_angstrom;  // of the best Gaussian
  // Where the truth has no signal: the variance of image - truth relative to that of noisy - truth.
  std::optional<double> variance_left;
  std::optional<double> band_variance_left;  // within residual_band, under a taper
};

inline constexpr ResolutionBand residual_band{300, 20};

// Scores images against one truth. Keeps references to the images and one Fourier transform.
class TruthComparison {
 public:
  // `noisy` may be null: then band gains and what is left of the noise are missing. Throws
  // Error(input) when sizes differ, a pixel is not finite, or a constant truth comes without
  // `noisy`.
  TruthComparison(const Image& truth, const Image* noisy, double pixel_size_angstrom);

  double data_range() const { return data_range_; }
  // False for a micrograph without particles: within residual_band the power of the truth is below
  // a hundredth of that of the noise.
  bool has_signal() const { return has_signal_; }

  // Throws Error(input) when the size differs or a pixel is not finite.
  MethodScore score(const std::string& method, const Image& image) const;

 private:
  void score_signal(const Image& image, MethodScore& score) const;
  void score_residual(const Image& image, MethodScore& score) const;

  const Image& truth_;
  double pixel_size_angstrom_;
  double data_range_;
  Spectrum truth_spectrum_;
  bool has_signal_ = true;
  std::optional<RingCorrelation> noisy_correlation_;
  double noise_variance_ = 0;
  double noise_band_power_ = 0;
};

inline constexpr const char* denoised_method = "denoised";

// What is known about one micrograph. The result that is judged comes first.
struct TruthScores {
  std::int64_t width_px = 0;
  std::int64_t height_px = 0;
  double pixel_size_angstrom = 0;
  double data_range = 0;
  bool has_signal = true;
  std::vector<MethodScore> methods;
};

struct TruthEvaluationOptions {
  bool filters = true;  // the best Gaussian and the radial Wiener filter, which take most time
  // Further results of the noisy image, by method.
  std::vector<std::pair<std::string, const Image*>> others = {};
  // Told of what each filter and each of the `others` made, before it is forgotten.
  std::function<void(const std::string& method, const Image&)> see_result = {};
};

// Rows denoised, noisy, constant image, best Gaussian, radial Wiener. Without `noisy` (null) only
// the first and the constant. Throws as TruthComparison does.
TruthScores evaluate_against_truth(const Image* noisy,
                                   const Image& denoised,
                                   const Image& truth,
                                   double pixel_size_angstrom,
                                   const TruthEvaluationOptions& options = {});

}  // namespace limpid
