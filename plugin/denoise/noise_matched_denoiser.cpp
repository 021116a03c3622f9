#include "plugin/denoise/noise_matched_denoiser.h"

#include "core/image/intensity.h"
#include "plugin/denoise/weighted_noise.h"

namespace limpid {

NoiseMatchedDenoiser::Report NoiseMatchedDenoiser::denoise(
    Image& image, std::optional<double> pixel_size_angstrom) {
  Report report;
  std::int64_t repaired_count = 0;
  if (matches_noise_ && pixel_size_angstrom) {
    repaired_count = repair_non_finite(image);
    report.weighting_dose = measure_weighting_dose(image, *pixel_size_angstrom);
  }
  if (report.weighting_dose) {
    // Outliers are clipped first: a filter would spread them.
    const IntensityScale scale = measure_intensity_scale(image);
    normalize(image, scale);
    restore(image, scale);
    change_weighted_noise(
        image, *pixel_size_angstrom, *report.weighting_dose, WeightedNoise::make_white);
  }
  static_cast<MicrographDenoiser::Report&>(report) = denoiser_.denoise(image, pixel_size_angstrom);
  report.network.repaired_count += repaired_count;
  if (report.weighting_dose)
    change_weighted_noise(
        image, *pixel_size_angstrom, *report.weighting_dose, WeightedNoise::put_back);
  return report;
}

}  // namespace limpid
