#include "core/metrics/shared_noise.h"

#include "core/base/error.h"
#include "core/image/intensity.h"
#include "core/metrics/psnr.h"
#include "core/metrics/rings.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

namespace limpid {
namespace {

constexpr std::int64_t largest_side_px = 2048;
constexpr double outer_frequency = 0.4;  // cycles per pixel
constexpr double nyquist = 0.5;
constexpr double narrowest_band = 0.03;
constexpr double across_frequency = 0.25;
constexpr float outlier_sigmas = 4;
constexpr int neighbours_in_line = 2;
constexpr double suspicious_standard_errors = 5;
constexpr double harmless_pattern = 0.0005;
constexpr double same_image_correlation = 0.95;
// A sum of two and one of them: 1 / sqrt(2), and a cross spectrum like the power of the one.
constexpr double least_sum_correlation = 0.6;
constexpr double sum_ratio_tolerance = 0.1;

Image middle_of(const Image& image) {
  const std::int64_t width = std::min(image.width(), largest_side_px);
  const std::int64_t height = std::min(image.height(), largest_side_px);
  Image middle(width, height);
  const std::int64_t x = (image.width() - width) / 2;
  for (std::int64_t y = 0; y < height; ++y)
    std::copy_n(
        image.row(y + (image.height() - height) / 2).data() + x, width, middle.row(y).data());
  return middle;
}

// Pixels beyond the limit in both, to the same side, without those of larger regions: these are
// part of the picture.
std::vector<std::size_t> find_common_outliers(const Image& even, const Image& odd) {
  const auto stands_out = [&](std::int64_t x, std::int64_t y) {
    const float a = even.at(x, y), b = odd.at(x, y);
    return (a > outlier_sigmas && b > outlier_sigmas) ||
           (a < -outlier_sigmas && b < -outlier_sigmas);
  };
  const auto neighbours = [&](std::int64_t x, std::int64_t y) {
    int count = -1;  // itself
    for (std::int64_t v = std::max<std::int64_t>(y - 1, 0); v <= std::min(y + 1, even.height() - 1);
         ++v)
      for (std::int64_t u = std::max<std::int64_t>(x - 1, 0);
           u <= std::min(x + 1, even.width() - 1);
           ++u)
        count += stands_out(u, v) ? 1 : 0;
    return count;
  };
  std::vector<std::size_t> outliers;
  for (std::int64_t y = 0; y < even.height(); ++y)
    for (std::int64_t x = 0; x < even.width(); ++x)
      if (stands_out(x, y) && neighbours(x, y) <= neighbours_in_line)
        outliers.push_back(static_cast<std::size_t>(y * even.width() + x));
  return outliers;
}

struct BandSums {
  double modes = 0;
  double power_a = 0;
  double power_b = 0;
  double cross = 0;

  double correlation() const {
    const double power = std::sqrt(power_a * power_b);
    return power > 0 ? cross / power : 0.0;
  }
};

BandSums sum_band(const Spectrum& a, const Spectrum& b, double lowest_frequency) {
  const RingSums sums = measure_ring_sums(a, b);
  const Rings rings(a.image_width(), a.image_height());
  BandSums band;
  for (std::int64_t ring = 1; ring < rings.count(); ++ring) {
    if (rings.frequency(ring) < lowest_frequency)
      continue;
    const auto k = static_cast<std::size_t>(ring);
    band.modes += sums.modes[k];
    band.power_a += sums.power_a[k];
    band.power_b += sums.power_b[k];
    band.cross += sums.cross[k];
  }
  return band;
}

void add_scaled(Spectrum& sum, const Spectrum& spectrum, double factor) {
  const auto scale = static_cast<float>(factor);
  for (std::size_t i = 0; i < sum.values().size(); ++i)
    sum.values()[i] += scale * spectrum.values()[i];
}

NoiseCorrelation correlation_of(const BandSums& band) {
  if (band.modes == 0)
    return {};
  return {band.correlation(), std::sqrt(taper_mode_correlation / band.modes)};
}

NoiseCorrelation mean_of(const std::vector<NoiseCorrelation>& correlations) {
  double sum = 0, variance = 0;
  for (const NoiseCorrelation& correlation : correlations) {
    sum += correlation.value;
    variance += correlation.standard_error * correlation.standard_error;
  }
  const auto count = static_cast<double>(correlations.size());
  return correlations.empty() ? NoiseCorrelation{}
                              : NoiseCorrelation{sum / count, std::sqrt(variance) / count};
}

}  // namespace

bool NoiseCorrelation::is_measured() const {
  return std::isfinite(standard_error);
}

bool NoiseCorrelation::is_shared_noise(double harmless) const {
  return value > harmless && value > suspicious_standard_errors * standard_error;
}

bool SharedNoise::is_independent() const {
  return !(is_same_image || is_half_of_other || has_hot_pixels || has_fixed_pattern ||
           shares_frames || is_unexplained);
}

SharedNoiseTest::SharedNoiseTest(double pixel_size_angstrom)
    : lowest_frequency_(std::max(outer_frequency, pixel_size_angstrom / finest_signal_angstrom)) {}

void SharedNoiseTest::add(const HalfPair& raw) {
  require_equal_size(raw.even, raw.odd, "the halves");
  Image even = middle_of(raw.even), odd = middle_of(raw.odd);
  put_on_network_scale(even);
  put_on_network_scale(odd);
  Halves spectra{centred_transform(even, Taper::hann), centred_transform(odd, Taper::hann)};
  const BandSums gross = sum_band(spectra.even, spectra.odd, outer_frequency);
  gross_correlation_ += gross.correlation();
  // On the grey scale of the halves, not of networks.
  const double sigma_even = measure_intensity_scale(raw.even).sigma;
  const double sigma_odd = measure_intensity_scale(raw.odd).sigma;
  const double power_even = gross.power_a * sigma_even * sigma_even;
  const double power_odd = gross.power_b * sigma_odd * sigma_odd;
  const double weaker = std::min(power_even, power_odd);
  gross_ratio_ += weaker > 0 ? gross.cross * sigma_even * sigma_odd / weaker : 0.0;

  const bool has_empty_rings = lowest_frequency_ <= nyquist - narrowest_band;
  const auto measure = [&] {
    return has_empty_rings ? correlation_of(sum_band(spectra.even, spectra.odd, lowest_frequency_))
                           : NoiseCorrelation{};
  };
  within_.push_back(measure());
  const std::vector<std::size_t> outliers = find_common_outliers(even, odd);
  if (!outliers.empty()) {
    for (const std::size_t pixel : outliers)
      even.pixels()[pixel] = odd.pixels()[pixel] = 0;
    spectra = {centred_transform(even, Taper::hann), centred_transform(odd, Taper::hann)};
  }
  cleaned_.push_back(measure());
  outlier_fraction_ +=
      static_cast<double>(outliers.size()) / static_cast<double>(even.pixel_count());
  add_across(std::move(spectra));
}

void SharedNoiseTest::add_across(Halves&& cleaned) {
  if (summed_count_ > 0 && (sums_.even.image_width() != cleaned.even.image_width() ||
                            sums_.even.image_height() != cleaned.even.image_height()))
    return;
  const BandSums band = sum_band(cleaned.even, cleaned.odd, across_frequency);
  if (!(band.power_a > 0 && band.power_b > 0))
    return;
  if (summed_count_ == 0)
    sums_ = {Spectrum(cleaned.even.image_width(), cleaned.even.image_height()),
             Spectrum(cleaned.odd.image_width(), cleaned.odd.image_height())};
  add_scaled(sums_.even, cleaned.even, 1 / std::sqrt(band.power_a));
  add_scaled(sums_.odd, cleaned.odd, 1 / std::sqrt(band.power_b));
  self_correlation_ += band.correlation();
  ++summed_count_;
}

NoiseCorrelation SharedNoiseTest::measure_across() const {
  if (summed_count_ < 2)
    return {};
  const BandSums band = sum_band(sums_.even, sums_.odd, across_frequency);
  if (band.modes == 0)
    return {};
  const auto pairs = static_cast<double>(summed_count_ * (summed_count_ - 1));
  return {(band.cross - self_correlation_) / pairs,
          std::sqrt(taper_mode_correlation / band.modes / pairs)};
}

SharedNoise SharedNoiseTest::result() const {
  SharedNoise result;
  if (within_.empty())
    return result;
  const auto count = static_cast<double>(within_.size());
  result.within = mean_of(within_);
  result.cleaned = mean_of(cleaned_);
  result.across = measure_across();
  result.common_outlier_fraction = outlier_fraction_ / count;
  const double gross = gross_correlation_ / count;
  result.is_same_image = gross > same_image_correlation;
  result.is_half_of_other = !result.is_same_image && gross > least_sum_correlation &&
                            std::abs(gross_ratio_ / count - 1) < sum_ratio_tolerance;
  if (result.is_same_image || result.is_half_of_other)
    return result;
  const double removed = result.within.value - result.cleaned.value;
  result.has_hot_pixels =
      result.within.is_shared_noise() &&
      (!result.cleaned.is_shared_noise() ||
       NoiseCorrelation{removed, result.within.standard_error}.is_shared_noise());
  result.has_fixed_pattern = result.across.is_shared_noise(harmless_pattern);
  if (!result.cleaned.is_shared_noise())
    return result;
  result.is_unexplained = !result.across.is_measured();
  // What is fixed to the detector explains as much as it amounts to.
  const double left = result.cleaned.value - (result.has_fixed_pattern ? result.across.value : 0.0);
  result.shares_frames = result.across.is_measured() && left > 0.5 * result.cleaned.value;
  return result;
}

}  // namespace limpid
