#include "plugin/trust/noise_model.h"

#include "core/image/fourier.h"
#include "core/image/intensity.h"
#include "core/image/statistics.h"
#include "core/metrics/rings.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <vector>

namespace limpid {
namespace {

// Where the signal begins to be weak beside the noise: `coarse_angstrom`, for large pixels this
// part of the sampling.
constexpr double coarse_angstrom = 12;
constexpr double largest_reference_frequency = 0.35;  // cycles per pixel
constexpr double reference_width = 1.5;               // last over first frequency

Image clipped(Image image) {
  const IntensityScale scale = measure_intensity_scale(image);
  for (float& value : image.pixels())
    value = std::clamp(value, scale.clip_low, scale.clip_high);
  return image;
}

double total(const std::vector<double>& power) {
  return std::accumulate(power.begin(), power.end(), 0.0);
}

// Limits rings coarser than the first of the reference to its mean power per frequency.
void limit_coarse_power(RingSums& sums, const Rings& rings, double pixel_size_angstrom) {
  const double first = std::min(pixel_size_angstrom / coarse_angstrom, largest_reference_frequency);
  double power = 0, modes = 0;
  const auto count = static_cast<std::size_t>(rings.count());
  const auto frequency_of = [&](std::size_t ring) {
    return rings.frequency(static_cast<std::int64_t>(ring));
  };
  for (std::size_t ring = 0; ring < count; ++ring)
    if (frequency_of(ring) >= first && frequency_of(ring) <= reference_width * first) {
      power += sums.power_a[ring];
      modes += sums.modes[ring];
    }
  if (!(modes > 0))
    return;
  for (std::size_t ring = 0; ring < count && frequency_of(ring) < first; ++ring)
    sums.power_a[ring] = std::min(sums.power_a[ring], power / modes * sums.modes[ring]);
}

// Of the mean, and with `part` of the variance, of `like`; power in rings as in `sums`.
Image noise_with(const RingSums& sums, double part, const Image& like, const WhiteNoise& white) {
  std::vector<double> gain;
  for (std::size_t ring = 0; ring < sums.power_a.size(); ++ring)
    gain.push_back(white.sums.power_a[ring] > 0
                       ? std::sqrt(sums.power_a[ring] / white.sums.power_a[ring])
                       : 0.0);
  Spectrum noise = white.spectrum;
  multiply_rings(noise, gain);
  Image result = inverse_fourier_transform(noise);
  const ImageStatistics wanted = measure_statistics(like);
  const ImageStatistics found = measure_statistics(result);
  const double scale = found.sigma > 0 ? std::sqrt(part) * wanted.sigma / found.sigma : 0.0;
  for (float& value : result.pixels())
    value = static_cast<float>((value - found.mean) * scale + wanted.mean);
  return result;
}

RingSums power_of(const Image& image) {
  const Spectrum spectrum = centred_transform(image, Taper::hann);
  return measure_ring_sums(spectrum, spectrum);
}

}  // namespace

Image noise_like_difference(const Image& even, const Image& odd, const WhiteNoise& white) {
  Image difference = even;
  for (std::int64_t y = 0; y < difference.height(); ++y)
    for (std::int64_t x = 0; x < difference.width(); ++x)
      difference.at(x, y) -= odd.at(x, y);
  const double mean = measure_statistics(even).mean + measure_statistics(odd).mean;
  difference = clipped(std::move(difference));
  for (float& value : difference.pixels())
    value += static_cast<float>(mean);
  return noise_with(power_of(difference), 1, difference, white);
}

Image noise_like_micrograph(const Image& micrograph,
                            double pixel_size_angstrom,
                            const WhiteNoise& white) {
  const Image model = clipped(micrograph);
  RingSums sums = power_of(model);
  const double before = total(sums.power_a);
  limit_coarse_power(sums, Rings(model.width(), model.height()), pixel_size_angstrom);
  return noise_with(sums, before > 0 ? total(sums.power_a) / before : 1.0, model, white);
}

}  // namespace limpid
