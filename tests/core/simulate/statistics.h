#pragma once

#include "core/image/fourier.h"
#include "core/image/image.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

namespace limpid {

inline double mean_of(const Image& image) {
  double sum = 0;
  for (float value : image.pixels())
    sum += value;
  return sum / static_cast<double>(image.pixel_count());
}

inline double covariance_of(const Image& a, const Image& b) {
  const double mean_a = mean_of(a);
  const double mean_b = mean_of(b);
  double sum = 0;
  for (std::int64_t i = 0; i < a.pixel_count(); ++i) {
    const auto p = static_cast<std::size_t>(i);
    sum += (a.pixels()[p] - mean_a) * (b.pixels()[p] - mean_b);
  }
  return sum / static_cast<double>(a.pixel_count());
}

inline double variance_of(const Image& image) {
  return covariance_of(image, image);
}

inline Image difference_of(Image a, const Image& b) {
  for (std::int64_t i = 0; i < a.pixel_count(); ++i)
    a.pixels()[static_cast<std::size_t>(i)] -= b.pixels()[static_cast<std::size_t>(i)];
  return a;
}

inline Image sum_of(Image a, const Image& b) {
  for (std::int64_t i = 0; i < a.pixel_count(); ++i)
    a.pixels()[static_cast<std::size_t>(i)] += b.pixels()[static_cast<std::size_t>(i)];
  return a;
}

// Means over rings of a half spectrum, every element counted once.
struct RingSums {
  double power_a = 0;
  double power_b = 0;
  double cross = 0;
  double count = 0;

  double correlation() const { return cross / std::sqrt(power_a * power_b); }
};

// Over the frequencies from `low` to `high`, in cycles per pixel; powers are per pixel, so that
// white noise gives its variance.
inline RingSums ring_of(const Spectrum& a, const Spectrum& b, double low, double high) {
  RingSums sums;
  for (std::int64_t y = 0; y < a.height(); ++y)
    for (std::int64_t x = 0; x < a.width(); ++x) {
      const double frequency = std::hypot(a.frequency_x(x), a.frequency_y(y));
      if (frequency < low || frequency >= high)
        continue;
      const auto p = a.at(x, y);
      const auto q = b.at(x, y);
      sums.power_a += std::norm(p);
      sums.power_b += std::norm(q);
      sums.cross +=
          static_cast<double>(p.real()) * q.real() + static_cast<double>(p.imag()) * q.imag();
      sums.count += 1;
    }
  const double pixels = static_cast<double>(a.image_width() * a.image_height());
  sums.power_a /= sums.count * pixels;
  sums.power_b /= sums.count * pixels;
  sums.cross /= sums.count * pixels;
  return sums;
}

inline double ring_power(const Image& image, double low, double high) {
  const Spectrum spectrum = fourier_transform(image);
  return ring_of(spectrum, spectrum, low, high).power_a;
}

}  // namespace limpid
