#include "plugin/denoise/weighted_noise.h"

#include "core/image/periodic_frame.h"
#include "core/image/radial_filter.h"
#include "core/image/statistics.h"
#include "core/metrics/rings.h"
#include "core/noise/exposure_filter.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace limpid {
namespace {

constexpr double coarsest_angstrom = 10;  // coarser frequencies have too much signal
constexpr double lowest_frequency = 0.08;
constexpr double highest_frequency = 0.48;  // in cycles per pixel
constexpr int group_count = 24;
// Around the first peak of amorphous ice.
constexpr double ice_begin = 1 / 4.4, ice_end = 1 / 3.2;
constexpr double dose_step = 5;
constexpr double largest_dose = 200;
// Noise of some integrating cameras looks like weights of 30 e/A^2, of up to 55 with small pixels.
// Weights of 40 come out above 60 where signal at 10 A has a fifth of the power of the noise.
constexpr double least_best_dose = 60;
// The squared error of the fit, relative to that of a camera alone.
constexpr double largest_error_left = 0.15;
// Beyond some dose the shape hardly changes any more: the smallest that explains it as well.
constexpr double equal_error = 1.5;

struct PowerPoint {
  double frequency = 0;  // in cycles per pixel
  double log_power = 0;
};

std::vector<PowerPoint> measure_power(const Image& window, double pixel_size_angstrom) {
  const double low = std::max(pixel_size_angstrom / coarsest_angstrom, lowest_frequency);
  std::vector<PowerPoint> points;
  if (highest_frequency < 2 * low)
    return points;
  const Spectrum spectrum = centred_transform(window, Taper::hann);
  const RingSums sums = measure_ring_sums(spectrum, spectrum);
  const Rings rings(window.width(), window.height());
  const double step = (highest_frequency - low) / group_count;
  std::vector<double> power(group_count), modes(group_count);
  for (std::int64_t ring = 0; ring < rings.count(); ++ring) {
    const double group = std::floor((rings.frequency(ring) - low) / step);
    if (group < 0 || group >= group_count)
      continue;
    power[static_cast<std::size_t>(group)] += sums.power_a[static_cast<std::size_t>(ring)];
    modes[static_cast<std::size_t>(group)] += sums.modes[static_cast<std::size_t>(ring)];
  }
  for (std::size_t i = 0; i < group_count; ++i) {
    const double frequency = low + (static_cast<double>(i) + 0.5) * step;
    const double per_angstrom = frequency / pixel_size_angstrom;
    const bool is_ice = per_angstrom > ice_begin && per_angstrom < ice_end;
    if (power[i] > 0 && !is_ice)
      points.push_back({frequency, std::log(power[i] / modes[i])});
  }
  return points;
}

// Squared error of log power = offset - blur f^2 + log weighted_noise_power, at the best offset and
// blur >= 0.
double fit_error(const std::vector<PowerPoint>& points, double pixel_size_angstrom, double dose) {
  const auto count = static_cast<double>(points.size());
  double mean_square = 0, mean = 0;
  std::vector<double> rest;
  for (const PowerPoint& point : points) {
    rest.push_back(point.log_power -
                   std::log(weighted_noise_power(point.frequency / pixel_size_angstrom, dose)));
    mean_square += point.frequency * point.frequency / count;
    mean += rest.back() / count;
  }
  double product = 0, norm = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const double square = points[i].frequency * points[i].frequency - mean_square;
    product += square * (rest[i] - mean);
    norm += square * square;
  }
  const double blur = std::max(0.0, -product / norm);
  double error = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const double square = points[i].frequency * points[i].frequency - mean_square;
    error += std::pow(rest[i] - mean + blur * square, 2);
  }
  return error;
}

}  // namespace

std::optional<double> measure_weighting_dose(const Image& window, double pixel_size_angstrom) {
  constexpr std::size_t fewest_points = 12;
  const std::vector<PowerPoint> points = measure_power(window, pixel_size_angstrom);
  if (points.size() < fewest_points)
    return std::nullopt;
  const double camera_error = fit_error(points, pixel_size_angstrom, 0);
  double best_dose = 0, best_error = camera_error;
  for (double dose = dose_step; dose <= largest_dose; dose += dose_step)
    if (const double error = fit_error(points, pixel_size_angstrom, dose); error < best_error) {
      best_error = error;
      best_dose = dose;
    }
  if (best_dose < least_best_dose || best_error > largest_error_left * camera_error)
    return std::nullopt;
  double dose = dose_step;
  while (fit_error(points, pixel_size_angstrom, dose) > equal_error * best_error)
    dose += dose_step;
  return dose;
}

void change_weighted_noise(Image& image,
                           double pixel_size_angstrom,
                           double dose,
                           WeightedNoise change) {
  constexpr std::int64_t margin_px = 32;
  const auto mean = static_cast<float>(measure_statistics(image).mean);
  for (float& value : image.pixels())
    value -= mean;
  const PeriodicFrame frame(image.width(), image.height(), margin_px);
  Image framed = frame.add(image);
  image = Image();
  Spectrum spectrum = fourier_transform(framed);
  framed = Image();
  const double exponent = change == WeightedNoise::make_white ? -0.5 : 0.5;
  // By a table: powers and exponentials for each frequency would take longer than the transform.
  constexpr std::int64_t steps = 4096;
  constexpr double highest = 0.7072;
  std::vector<float> factors;
  for (std::int64_t i = 0; i <= steps; ++i)
    factors.push_back(static_cast<float>(std::pow(
        weighted_noise_power(highest * static_cast<double>(i) / steps / pixel_size_angstrom, dose),
        exponent)));
  filter_radially(spectrum, [&](double frequency) {
    return factors[static_cast<std::size_t>(std::lround(frequency / highest * steps))];
  });
  image = frame.remove(inverse_fourier_transform(spectrum));
  for (float& value : image.pixels())
    value += mean;
}

}  // namespace limpid
