#pragma once

#include "core/image/image.h"
#include "core/metrics/ring_correlation.h"

#include <limits>
#include <vector>

// Quality of a denoiser f without a truth, from two halves of one micrograph.
//
// Model: R_e = x + n_e, R_o = x + n_o, where the noises are independent of each other and of the
// signal x; D_e = f(R_e) has not seen R_o, nor D_o = f(R_o) the other. Then every covariance with
// the other half is one with x. Variances and covariances are over the pixels, means removed, so an
// offset of a result does not count; its scale does. (Variance, noise and bias of a denoiser from
// halves: the estimators of UCSF "restore"; the unbiased error: Lehtinen et al. 2018,
// "Noise2Noise", whose loss exceeds the true one by the noise variance of the target.)
//
//   var_S      = cov(R_e, R_o)                         signal variance
//   var_N      = var(R) - var_S                        noise variance of a half
//   SNR_half   = CC / (1 - CC), CC = corr(R_e, R_o);   SNR_full = 2 CC / (1 - CC)
//   se(var_S)^2 = var(R_e) var(R_o) sum_k [C_k (N_ek + N_ok) + N_ek N_ok] / (sum_k E_k sum_k O_k)
//                over all frequencies k; E and O are the power spectra of the halves, C their cross
//                spectrum, N = E - C and O - C: chance alone, for noise of any spectrum
//   MSE        = E(D_e - R_o)^2 - var_N(R_o)           = E(D_e - x)^2
//   var_B      = cov(D_e, D_o) + var_S - 2 cov(D_e, R_o)
//                the squared distance of the expected result from the signal
//   MSE_avg    = (MSE + var_B) / 2                     of the mean of D_e and D_o
//   SNR after  = var_S / MSE
//   fitted     = var_B of a D, a = cov(D_e, R_o) / cov(D_e, D_o), which makes it least:
//                var_S - cov(D_e, R_o)^2 / cov(D_e, D_o)
//   FRC(D_e, R_o) <= sqrt(FRC(R_e, R_o)), equality for a perfect result. More means that D_e knows
//                the noise of R_o: a pattern that the halves share. (Where the strength of the
//                signal varies within a ring, a filter that follows it may exceed the bound a
//                little.) FRC(D_e, D_o) proves nothing, for what f invents correlates.
// Whatever exists in both directions is averaged over both.
//
// All of this counts a pattern common to both halves (errors of the gain reference, hot pixels) as
// signal; HalfIndependence tells whether there is one.
namespace limpid {

struct HalfPair {
  const Image& even;
  const Image& odd;
};

// Correlation of the halves where there is no signal: FRC averaged over 0.4 to 0.5 cycles per
// pixel, as far as that is finer than 4.5 A, which is 0 within its standard error for independent
// noise. Not measurable in images of a few pixels or with pixels of 2.25 A and more: infinite
// standard error.
struct HalfIndependence {
  double correlation = 0;
  double standard_error = std::numeric_limits<double>::infinity();
};

struct RawHalfMetrics {
  double signal_variance = 0;  // may come out slightly negative when there is no signal
  double signal_standard_error = 0;
  double noise_variance_even = 0;
  double noise_variance_odd = 0;
  double correlation = 0;
  double snr_half = 0;  // infinite for equal halves
  double snr_full = 0;
  double snr_full_standard_error = 0;  // from that of the signal variance, to first order
  RingCorrelation frc;                 // FRC(R_e, R_o)
  HalfIndependence independence;
};

// Throws Error(input) when the sizes differ or the pixel size is not above 0.
RawHalfMetrics measure_raw_halves(const HalfPair& raw, double pixel_size_angstrom);

// Means over twenty groups of neighbouring rings of equal width (fewer for small images), weighted
// by their modes.
struct BoundedCurve {
  std::vector<double> frequency;       // 1 / angstrom
  std::vector<double> correlation;     // FRC(D_e, R_o)
  std::vector<double> bound;           // of sqrt(max(0, FRC(R_e, R_o) averaged over five rings))
  std::vector<double> standard_error;  // of the correlation

  // The largest correlation - bound among the groups with a standard error up to 0.03; minus
  // infinity without such a group. Above 0.05 something leaks. Where there is no signal the noise
  // under the root makes the bound come out a few hundredths too high, so small leaks there go
  // unseen; HalfIndependence sees them.
  double largest_excess() const;
};

struct DenoisedHalfMetrics {
  double mse = 0;             // of a denoised half; unbiased, so possibly negative
  double mse_of_average = 0;  // of the mean of both
  double snr_half = 0;        // infinite when the MSE is not above 0
  double snr_of_average = 0;
  double noise_variance = 0;  // left in a denoised half: var(D) - cov(D_e, D_o)
  double bias_variance = 0;   // var_B
  double bias_fraction = 0;   // var_B / var_S
  double fitted_scale = 1;    // a
  double fitted_bias_fraction = 0;
  RingCorrelation frc_with_raw;       // FRC(D_e, R_o)
  RingCorrelation frc_with_denoised;  // FRC(D_e, D_o)
  BoundedCurve bounded;
};

// Throws Error(input) when any sizes differ or the pixel size is not above 0.
DenoisedHalfMetrics measure_denoised_halves(const HalfPair& raw,
                                            const HalfPair& denoised,
                                            double pixel_size_angstrom);

}  // namespace limpid
