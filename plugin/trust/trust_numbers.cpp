#include "plugin/trust/trust_numbers.h"

#include "core/base/error.h"
#include "core/image/statistics.h"
#include "core/metrics/half_metrics.h"
#include "core/metrics/psnr.h"
#include "core/metrics/ring_correlation.h"
#include "core/metrics/rings.h"
#include "core/metrics/seam.h"
#include "plugin/trust/noise_model.h"
#include "plugin/trust/trust_columns.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace limpid {
namespace {

constexpr ResolutionBand noise_band{300, 20};
// Below this part of the noise, a signal variance from halves is chance.
constexpr double least_signal = 1e-3;
constexpr double suspicious_excess = 0.05;
constexpr double suspicious_dependence = 5;
// Beyond what the strongest of thousands of edges of 2048 pixels is by chance. Shorter ones reach
// 2, in micrographs of one tile, which has no seam: there a line of bad pixels is told of.
constexpr double suspicious_seam = 1.7;
constexpr double suspicious_line = 3;
constexpr double suspicious_peak = 6;  // a million of normal numbers reach 5
// Of the result's standard deviation: lower spots are lost among what was kept.
constexpr double suspicious_contrast = 1;

double band_power(const Image& image, double pixel_size_angstrom) {
  const Spectrum spectrum = centred_transform(image, Taper::hann);
  const RingSums sums = measure_ring_sums(spectrum, spectrum);
  const Rings rings(image.width(), image.height());
  double power = 0;
  for (std::int64_t ring = 0; ring < rings.count(); ++ring) {
    const double frequency = rings.frequency(ring) / pixel_size_angstrom;
    if (frequency >= 1 / noise_band.coarse_angstrom && frequency < 1 / noise_band.fine_angstrom)
      power += sums.power_a[static_cast<std::size_t>(ring)];
  }
  return power;
}

double root_ratio(double after, double before) {
  return before > 0 ? std::sqrt(after / before) : 0.0;
}

// Of denoised and raw - denoised, from cov(d, r - d) = cov(d, r) - var(d); 0 if one is constant.
double removed_correlation(const Image& raw, const Image& denoised) {
  const JointMoments moments = measure_joint_moments(raw, denoised);
  const double product = moments.variance_b * moments.difference_variance;
  return product > 0 ? (moments.covariance - moments.variance_b) / std::sqrt(product) : 0.0;
}

// Whether `even` and `odd` differ, as they must for the noise to be known.
bool are_equal(const Image& even, const Image& odd) {
  return std::equal(even.pixels().begin(), even.pixels().end(), odd.pixels().begin());
}

void measure_noise_left(const TrustInput& input, bool has_halves, TrustNumbers& numbers) {
  WhiteNoises own;
  WhiteNoises& noises = input.noises != nullptr ? *input.noises : own;
  const auto white = noises.of(input.raw.width(), input.raw.height(), input.seed);
  const Image before = has_halves
                           ? noise_like_difference(*input.even, *input.odd, *white)
                           : noise_like_micrograph(input.raw, input.pixel_size_angstrom, *white);
  Image after = before;
  input.denoise(after);
  const ImageStatistics left = measure_statistics(after);
  numbers.noise_left = left.sigma / measure_statistics(before).sigma;
  const double height = std::max(left.maximum - left.mean, left.mean - left.minimum);
  if (left.sigma > 0)
    numbers.noise_peak = height / left.sigma;
  if (const double contrast = measure_statistics(input.denoised).sigma; contrast > 0)
    numbers.noise_peak_contrast = height / contrast;
  numbers.band_noise_left = root_ratio(band_power(after, input.pixel_size_angstrom),
                                       band_power(before, input.pixel_size_angstrom));
}

void measure_halves(const TrustInput& input,
                    const Image& even,
                    const Image& odd,
                    TrustNumbers& numbers) {
  const HalfPair raw{even, odd};
  const RawHalfMetrics before = measure_raw_halves(raw, input.pixel_size_angstrom);
  if (before.independence.standard_error > 0 && std::isfinite(before.independence.standard_error))
    numbers.half_dependence = before.independence.correlation / before.independence.standard_error;
  Image denoised_even = even;
  Image denoised_odd = odd;
  input.denoise(denoised_even);
  input.denoise(denoised_odd);
  const DenoisedHalfMetrics after =
      measure_denoised_halves(raw, {denoised_even, denoised_odd}, input.pixel_size_angstrom);
  const double excess = after.bounded.largest_excess();
  if (std::isfinite(excess))
    numbers.frc_excess = excess;
  for (std::size_t band = 0; band < resolution_bands.size(); ++band) {
    numbers.frc[band] = band_average(after.frc_with_raw, resolution_bands[band]);
    if (const auto raw_frc = band_average(before.frc, resolution_bands[band]))
      numbers.frc_bound[band] = std::sqrt(std::max(0.0, *raw_frc));
  }
  if (before.signal_variance > least_signal * before.noise_variance_even) {
    numbers.snr_before = before.snr_full;
    numbers.snr_before_error = before.snr_full_standard_error;
    numbers.bias_fraction = after.bias_fraction;
    numbers.error_fraction = after.mse_of_average / before.signal_variance;
    if (std::isfinite(after.snr_of_average)) {
      numbers.snr_after = after.snr_of_average;
      // The covariance of the raw halves, by far the least certain part, is in the signal and in
      // the error: d(S / M) = (M - S) / M^2.
      const double error = after.mse_of_average;
      numbers.snr_after_error =
          before.signal_standard_error * std::abs(error - before.signal_variance) / (error * error);
    }
  }
}

}  // namespace

TrustNumbers measure_trust(const TrustInput& input) {
  bool has_halves = input.even != nullptr && input.odd != nullptr;
  for (const Image* image : {&input.denoised, input.even, input.odd})
    if (image != nullptr &&
        (image->width() != input.raw.width() || image->height() != input.raw.height()))
      fail(ErrorKind::input,
           "parts of {} x {} and of {} x {} pixels cannot be compared",
           image->width(),
           image->height(),
           input.raw.width(),
           input.raw.height());
  TrustNumbers numbers;
  numbers.removed_correlation = removed_correlation(input.raw, input.denoised);
  numbers.seam = strongest_seam(input.whole != nullptr ? *input.whole : input.denoised).strength;
  if (has_halves && are_equal(*input.even, *input.odd)) {
    numbers.has_equal_halves = true;
    has_halves = false;
  }
  if (has_halves)
    measure_halves(input, *input.even, *input.odd, numbers);
  measure_noise_left(input, has_halves, numbers);
  return numbers;
}

std::map<std::string, double> as_map(const TrustNumbers& numbers) {
  std::map<std::string, double> map = {{"noise_left", numbers.noise_left},
                                       {"band_noise_left", numbers.band_noise_left},
                                       {"noise_peak", numbers.noise_peak},
                                       {"noise_peak_contrast", numbers.noise_peak_contrast},
                                       {"seam", numbers.seam},
                                       {"removed_correlation", numbers.removed_correlation}};
  if (numbers.has_equal_halves)
    map["equal_halves"] = 1;
  const std::pair<const char*, std::optional<double>> optional_numbers[] = {
      {"snr_before", numbers.snr_before},
      {"snr_before_error", numbers.snr_before_error},
      {"snr_after", numbers.snr_after},
      {"snr_after_error", numbers.snr_after_error},
      {"error_fraction", numbers.error_fraction},
      {"bias_fraction", numbers.bias_fraction},
      {"frc_excess", numbers.frc_excess},
      {"half_dependence", numbers.half_dependence}};
  for (const auto& [name, number] : optional_numbers)
    if (number)
      map[name] = *number;
  for (std::size_t band = 0; band < resolution_bands.size(); ++band) {
    if (numbers.frc[band])
      map[frc_key(band)] = *numbers.frc[band];
    if (numbers.frc_bound[band])
      map[frc_bound_key(band)] = *numbers.frc_bound[band];
  }
  return map;
}

bool has_equal_halves(const std::map<std::string, double>& numbers) {
  return numbers.contains("equal_halves");
}

bool makes_spots(const std::map<std::string, double>& numbers) {
  const auto peak = numbers.find("noise_peak");
  const auto contrast = numbers.find("noise_peak_contrast");
  return peak != numbers.end() && peak->second > suspicious_peak &&
         (contrast == numbers.end() || contrast->second > suspicious_contrast);
}

bool has_straight_edge(const std::map<std::string, double>& numbers) {
  const auto seam = numbers.find("seam");
  const auto tiles = numbers.find("tiles");
  const bool is_one_tile = tiles != numbers.end() && tiles->second == 1;
  return seam != numbers.end() && seam->second > (is_one_tile ? suspicious_line : suspicious_seam);
}

std::string trust_warning(const std::map<std::string, double>& numbers) {
  const auto value = [&](const char* name) {
    const auto found = numbers.find(name);
    return found == numbers.end() ? 0.0 : found->second;
  };
  std::vector<std::string> warnings;
  if (has_equal_halves(numbers))
    warnings.emplace_back("both halves are the same image: SNR, bias and FRC cannot be known");
  if (std::abs(value("half_dependence")) > suspicious_dependence)
    warnings.emplace_back(
        "the halves share a pattern (gain reference, hot pixels, interpolation): SNR and FRC "
        "come out too high");
  else if (value("frc_excess") > suspicious_excess)
    warnings.emplace_back("FRC above its bound: the halves know of each other");
  if (has_straight_edge(numbers))
    warnings.emplace_back("a straight edge crosses the result");
  if (makes_spots(numbers))
    warnings.emplace_back("the model makes spots of pure noise");
  return fmt::format("{}", fmt::join(warnings, "; "));
}

std::string trust_remark(const std::map<std::string, double>& numbers) {
  if (!numbers.contains("noise_left"))
    return "not measured";
  std::string remark = trust_warning(numbers);
  const char* unknown = "";
  if (has_equal_halves(numbers))
    return remark;
  if (!numbers.contains("half_dependence") && !numbers.contains("frc_excess"))
    unknown = "no halves: SNR, bias and FRC cannot be known";
  else if (!numbers.contains("snr_before"))
    unknown = "the halves show no signal";
  if (!remark.empty() && *unknown != '\0')
    remark += "; ";
  return remark + unknown;
}

}  // namespace limpid
