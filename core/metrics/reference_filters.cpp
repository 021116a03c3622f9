#include "core/metrics/reference_filters.h"

#include "core/base/parallel.h"
#include "core/image/fourier.h"
#include "core/image/statistics.h"
#include "core/metrics/psnr.h"
#include "core/metrics/rings.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>

namespace limpid {
namespace {

constexpr std::int64_t padding_px = 32;

// Continuation by reflection at the centre of the border pixels (c b | a b c).
std::int64_t reflected(std::int64_t index, std::int64_t size) {
  if (size == 1)
    return 0;
  const std::int64_t period = 2 * (size - 1);
  const std::int64_t phase = ((index % period) + period) % period;
  return std::min(phase, period - phase);
}

void add_constant(Image& image, double value) {
  for (float& pixel : image.pixels())
    pixel = static_cast<float>(pixel + value);
}

class GaussianFilter {
 public:
  explicit GaussianFilter(const Image& image)
      : width_(image.width()), height_(image.height()), mean_(measure_statistics(image).mean) {
    Image padded(width_ + 2 * padding_px, height_ + 2 * padding_px);
    for (std::int64_t y = 0; y < padded.height(); ++y)
      for (std::int64_t x = 0; x < padded.width(); ++x)
        padded.at(x, y) = static_cast<float>(
            image.at(reflected(x - padding_px, width_), reflected(y - padding_px, height_)) -
            mean_);
    spectrum_ = fourier_transform(padded);
  }

  Image apply(double sigma_px) const {
    const auto gain = [&](double frequency) {
      const double argument = std::numbers::pi * sigma_px * frequency;
      return std::exp(-2 * argument * argument);
    };
    std::vector<double> gain_x;
    for (std::int64_t x = 0; x < spectrum_.width(); ++x)
      gain_x.push_back(gain(spectrum_.frequency_x(x)));
    Spectrum filtered = spectrum_;
    parallel_for(filtered.height(), 16, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t y = begin; y < end; ++y) {
        const double gain_y = gain(filtered.frequency_y(y));
        for (std::int64_t x = 0; x < filtered.width(); ++x)
          filtered.at(x, y) *= static_cast<float>(gain_x[static_cast<std::size_t>(x)] * gain_y);
      }
    });
    const Image padded = inverse_fourier_transform(filtered);
    Image result(width_, height_);
    for (std::int64_t y = 0; y < height_; ++y)
      for (std::int64_t x = 0; x < width_; ++x)
        result.at(x, y) = static_cast<float>(padded.at(x + padding_px, y + padding_px) + mean_);
    return result;
  }

 private:
  std::int64_t width_;
  std::int64_t height_;
  double mean_;
  Spectrum spectrum_;
};

// Argument of the minimum of a function with one minimum in [low, high].
template <class Function>
double golden_section_minimum(double low, double high, double tolerance, const Function& cost) {
  constexpr double ratio = 1 / std::numbers::phi;
  double left = high - ratio * (high - low);
  double right = low + ratio * (high - low);
  double cost_left = cost(left);
  double cost_right = cost(right);
  while (high - low > tolerance) {
    if (cost_left < cost_right) {
      high = right;
      right = left;
      cost_right = cost_left;
      left = high - ratio * (high - low);
      cost_left = cost(left);
    } else {
      low = left;
      left = right;
      cost_left = cost_right;
      right = low + ratio * (high - low);
      cost_right = cost(right);
    }
  }
  return (low + high) / 2;
}

std::vector<double> smoothed(const std::vector<double>& values) {
  constexpr double sigma = 2;
  constexpr std::ptrdiff_t reach = 8;
  const auto size = static_cast<std::ptrdiff_t>(values.size());
  std::vector<double> result(values.size());
  for (std::ptrdiff_t k = 0; k < size; ++k) {
    double sum = 0, weights = 0;
    for (std::ptrdiff_t j = std::max<std::ptrdiff_t>(0, k - reach);
         j <= std::min(size - 1, k + reach);
         ++j) {
      const double distance = static_cast<double>(j - k) / sigma;
      const double weight = std::exp(-0.5 * distance * distance);
      sum += weight * values[static_cast<std::size_t>(j)];
      weights += weight;
    }
    result[static_cast<std::size_t>(k)] = sum / weights;
  }
  return result;
}

// Between 0.4 and 60 px, to 2 %.
template <class Function>
double best_sigma_px(const Function& cost) {
  return std::exp(
      golden_section_minimum(std::log(0.4), std::log(60.0), 0.02, [&](double logarithm) {
        return cost(std::exp(logarithm));
      }));
}

}  // namespace

BestGaussian best_gaussian(const Image& noisy, const Image& truth) {
  require_equal_size(noisy, truth, "the noisy image and the truth");
  const GaussianFilter filter(noisy);
  const double sigma_px = best_sigma_px([&](double sigma) {
    const JointMoments moments = measure_joint_moments(filter.apply(sigma), truth);
    return 1 - moments.correlation() * moments.correlation();
  });
  return {filter.apply(sigma_px), sigma_px};
}

double best_gaussian_sigma_px(const Image& even, const Image& odd) {
  require_equal_size(even, odd, "the halves");
  const GaussianFilter filter(even);
  return best_sigma_px([&](double sigma) {
    return measure_joint_moments(filter.apply(sigma), odd).difference_variance;
  });
}

Image gaussian_filter(const Image& image, double sigma_px) {
  return GaussianFilter(image).apply(sigma_px);
}

Image radial_wiener(const Image& noisy, const Image& truth) {
  require_equal_size(noisy, truth, "the noisy image and the truth");
  Spectrum spectrum = centred_transform(noisy, Taper::none);
  const RingSums sums = measure_ring_sums(spectrum, centred_transform(truth, Taper::none));
  std::vector<double> gain(sums.modes.size());
  for (std::size_t k = 0; k < gain.size(); ++k)
    gain[k] = sums.power_a[k] > 0 ? std::max(0.0, sums.cross[k] / sums.power_a[k]) : 0.0;
  multiply_rings(spectrum, gain);
  Image result = inverse_fourier_transform(spectrum);
  add_constant(result, measure_statistics(truth).mean);
  return result;
}

std::vector<double> wiener_gain_from_halves(const Image& even, const Image& odd) {
  require_equal_size(even, odd, "the halves");
  const RingSums sums =
      measure_ring_sums(centred_transform(even, Taper::hann), centred_transform(odd, Taper::hann));
  const std::vector<double> cross = smoothed(sums.cross);
  const std::vector<double> power_even = smoothed(sums.power_a);
  const std::vector<double> power_odd = smoothed(sums.power_b);
  std::vector<double> gain(cross.size());
  for (std::size_t k = 0; k < gain.size(); ++k) {
    const double signal = std::max(0.0, cross[k]);
    const double total = power_even[k] + power_odd[k] + 2 * signal;
    gain[k] = total > 0 ? 4 * signal / total : 0.0;
  }
  return gain;
}

Image filter_rings(const Image& image, const std::vector<double>& gain) {
  Spectrum spectrum = centred_transform(image, Taper::none);
  multiply_rings(spectrum, gain);
  Image result = inverse_fourier_transform(spectrum);
  add_constant(result, measure_statistics(image).mean);
  return result;
}

Image constant_image(const Image& truth) {
  return Image(truth.width(), truth.height(), static_cast<float>(measure_statistics(truth).mean));
}

}  // namespace limpid
