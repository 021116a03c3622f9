#include "plugin/denoise/noise_matched_denoiser.h"

#include "core/image/intensity.h"
#include "plugin/denoise/weighted_noise.h"
#include "plugin/trust/trust_window.h"

#include <algorithm>
#include <cmath>

namespace limpid {
namespace {

bool is_finite(const Image& image) {
  return std::all_of(image.pixels().begin(), image.pixels().end(), [](float value) {
    return std::isfinite(value);
  });
}

}  // namespace

NoiseMatchedDenoiser::Report NoiseMatchedDenoiser::denoise(
    Image& image, std::optional<double> pixel_size_angstrom, BlockStatistics* measured) {
  std::optional<double> dose;
  std::int64_t repaired_count = 0;
  if (matches_noise_ && pixel_size_angstrom) {
    Image window = trust_window(image);
    if (!is_finite(window)) {
      repaired_count = repair_non_finite(image);
      measured = nullptr;  // of what it was
      window = trust_window(image);
    }
    dose = measure_weighting_dose(window, *pixel_size_angstrom);
  }
  Report report = denoise_weighted(image, pixel_size_angstrom, dose, measured);
  report.denoiser.repaired_count += repaired_count;
  return report;
}

NoiseMatchedDenoiser::Report NoiseMatchedDenoiser::denoise_weighted(
    Image& image,
    std::optional<double> pixel_size_angstrom,
    std::optional<double> weighting_dose,
    BlockStatistics* measured) {
  Report report;
  if (!weighting_dose || !pixel_size_angstrom) {
    static_cast<MicrographDenoiser::Report&>(report) =
        denoiser_.denoise(image, pixel_size_angstrom, measured);
    return report;
  }
  report.weighting_dose = weighting_dose;
  const std::int64_t repaired_count = repair_non_finite(image);
  // Outliers are clipped first: a filter would spread them.
  const IntensityScale scale = measure_intensity_scale(image);
  normalize(image, scale);
  restore(image, scale);
  change_weighted_noise(image, *pixel_size_angstrom, *weighting_dose, WeightedNoise::make_white);
  static_cast<MicrographDenoiser::Report&>(report) = denoiser_.denoise(image, pixel_size_angstrom);
  report.denoiser.repaired_count += repaired_count;
  change_weighted_noise(image, *pixel_size_angstrom, *weighting_dose, WeightedNoise::put_back);
  return report;
}

}  // namespace limpid
