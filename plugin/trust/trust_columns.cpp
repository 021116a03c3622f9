#include "plugin/trust/trust_columns.h"

#include "core/metrics/ring_correlation.h"

#include <fmt/format.h>

#include <vector>

namespace limpid {
namespace {

// R_e and R_o are the raw halves, D_e and D_o what becomes of them, cov and var over the pixels of
// the window in the middle (core/metrics/half_metrics.h).
std::vector<TrustColumn> single_columns() {
  return {
      {"limpidSnrBefore",
       "snr_before",
       "SNR before",
       "signal over noise variance of the whole micrograph, 2 CC / (1 - CC), CC = corr(R_e, R_o) "
       "of the raw halves (UCSF restore)"},
      {"limpidSnrAfter",
       "snr_after",
       "SNR after",
       "signal over error variance of the mean of both denoised halves, cov(R_e, R_o) / MSE, "
       "MSE as in limpidErrorFraction"},
      {"limpidBiasFraction",
       "bias_fraction",
       "bias",
       "squared distance of the expected result from the signal, per signal variance: "
       "[cov(D_e, D_o) + cov(R_e, R_o) - 2 cov(D_e, R_o)] / cov(R_e, R_o) (UCSF restore)"},
      {"limpidFrcExcess",
       "frc_excess",
       "FRC excess",
       "the most by which FRC(D_e, R_o) exceeds its bound sqrt(FRC(R_e, R_o)), in groups of rings; "
       "above 0.05 a denoised half knows noise of the other"},
      {"limpidHalfDependence",
       "half_dependence",
       "",
       "FRC(R_e, R_o) at 0.4 to 0.5 cycles per pixel, as far as finer than 4.5 A, in standard "
       "errors; beyond 5 the halves share a pattern that counts as signal"},
      {"limpidNoiseLeft",
       "noise_left",
       "noise left",
       "output on pure noise with the spectrum of the noise (of R_e - R_o; without halves of the "
       "micrograph, to 12 A no more than there): standard deviation after over before"},
      {"limpidBandNoiseLeft",
       "band_noise_left",
       "300-20 A",
       "the same of the frequencies from 1/300 to 1/20 per A, where particles are seen"},
      {"limpidRemovedCorrelation",
       "removed_correlation",
       "removed corr.",
       "correlation of denoised and removed (raw - denoised) pixels; far above 0: signal was "
       "removed"},
      {"limpidSnrBeforeError",
       "snr_before_error",
       "",
       "one standard error of limpidSnrBefore, from the power spectra of the halves: chance alone"},
      {"limpidSnrAfterError",
       "snr_after_error",
       "",
       "one standard error of limpidSnrAfter, from that of cov(R_e, R_o)"},
      {"limpidErrorFraction",
       "error_fraction",
       "error",
       "unbiased squared error of the mean of both denoised halves, per signal variance: "
       "MSE = [var(D_e - R_o) - var(R_o) + cov(R_e, R_o) + bias] / 2 (Noise2Noise, Lehtinen et "
       "al. 2018); 1 is as far off as an empty image"},
      {"limpidNoisePeak",
       "noise_peak",
       "noise peak",
       "the largest deviation in the output on pure noise, in its standard deviations; a million "
       "normal numbers reach 5, above 6 the model invents spots"},
      {"limpidNoisePeakContrast",
       "noise_peak_contrast",
       "its contrast",
       "the same deviation in standard deviations of the denoised micrograph; below 1 such a spot "
       "is lost among what was kept, above a picker may take it"},
      {"limpidSeam",
       "seam",
       "seam",
       "jump across the strongest straight edge of the result over the median of its "
       "surroundings; 1.0 to 1.6 without any, above 1.7 tiles do not fit together; in small "
       "micrographs chance reaches 2"},
  };
}

const ResolutionBand& band_at(std::size_t band) {
  return resolution_bands[band];
}

std::vector<TrustColumn> all_columns() {
  std::vector<TrustColumn> columns = single_columns();
  for (std::size_t i = 0; i < resolution_bands.size(); ++i) {
    const ResolutionBand& band = band_at(i);
    const std::string range =
        fmt::format("{:.0f}To{:.0f}", band.coarse_angstrom, band.fine_angstrom);
    columns.push_back({"limpidFrc" + range,
                       frc_key(i),
                       "",
                       fmt::format("FRC(D_e, R_o) averaged over 1/{:.0f} to 1/{:.0f} per A, both "
                                   "ways round",
                                   band.coarse_angstrom,
                                   band.fine_angstrom)});
    columns.push_back({"limpidFrcBound" + range,
                       frc_bound_key(i),
                       "",
                       "its bound there, sqrt(FRC(R_e, R_o)): what a perfect result reaches"});
  }
  columns.insert(columns.end(),
                 {{"limpidResidualAtPicks",
                   "residual_at_picks_sigmas",
                   "at picks",
                   "how surely the mean shape of the picked particles is in what was removed "
                   "around them, beyond random places, in standard errors; above 5 it is"},
                  {"limpidResidualAtPicksFraction",
                   "residual_at_picks_fraction",
                   "part",
                   "how much of the particles' contrast that is, 0 to 1"}});
  return columns;
}

}  // namespace

std::span<const TrustColumn> trust_columns() {
  static const std::vector<TrustColumn> columns = all_columns();
  return columns;
}

std::string frc_key(std::size_t band) {
  return fmt::format(
      "frc_{:.0f}_to_{:.0f}_angstrom", band_at(band).coarse_angstrom, band_at(band).fine_angstrom);
}

std::string frc_bound_key(std::size_t band) {
  return "bound_of_" + frc_key(band);
}

}  // namespace limpid
