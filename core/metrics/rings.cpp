#include "core/metrics/rings.h"

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/image/block_sum.h"
#include "core/image/statistics.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstddef>
#include <numbers>

namespace limpid {
namespace {

constexpr std::int64_t rows_per_block = 64;

std::vector<double> taper_weights(std::int64_t size, Taper taper) {
  std::vector<double> weights(static_cast<std::size_t>(size), 1.0);
  if (taper == Taper::none)
    return weights;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const double sine =
        std::sin(std::numbers::pi * (static_cast<double>(i) + 0.5) / static_cast<double>(size));
    weights[i] = sine * sine;
  }
  return weights;
}

void add(std::vector<double>& sum, const std::vector<double>& other) {
  sum.resize(std::max(sum.size(), other.size()));
  for (std::size_t i = 0; i < other.size(); ++i)
    sum[i] += other[i];
}

}  // namespace

Rings::Rings(std::int64_t image_width, std::int64_t image_height) {
  const std::int64_t shorter = std::min(image_width, image_height);
  const std::int64_t side = shorter > 1 ? shorter : std::max(image_width, image_height);
  count_ = std::max<std::int64_t>(1, side / 2);
}

std::int64_t Rings::index(double frequency_x, double frequency_y) const {
  const double frequency = std::sqrt(frequency_x * frequency_x + frequency_y * frequency_y);
  return std::min(count_,
                  static_cast<std::int64_t>(frequency * 2 * static_cast<double>(count_) + 0.5));
}

double Rings::frequency(std::int64_t ring) const {
  return static_cast<double>(ring) / (2 * static_cast<double>(count_));
}

Spectrum centred_transform(const Image& image, Taper taper) {
  const double mean = measure_statistics(image).mean;
  const std::vector<double> weights_x = taper_weights(image.width(), taper);
  const std::vector<double> weights_y = taper_weights(image.height(), taper);
  Image centred(image.width(), image.height());
  parallel_for(image.height(), 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t y = begin; y < end; ++y)
      for (std::int64_t x = 0; x < image.width(); ++x)
        centred.at(x, y) =
            static_cast<float>((image.at(x, y) - mean) * weights_x[static_cast<std::size_t>(x)] *
                               weights_y[static_cast<std::size_t>(y)]);
  });
  return fourier_transform(centred);
}

RingSums& RingSums::operator+=(const RingSums& other) {
  add(modes, other.modes);
  add(power_a, other.power_a);
  add(power_b, other.power_b);
  add(cross, other.cross);
  return *this;
}

RingSums measure_ring_sums(const Spectrum& a, const Spectrum& b) {
  require(a.image_width() == b.image_width() && a.image_height() == b.image_height(),
          "ring sums of spectra of different size");
  const Rings rings(a.image_width(), a.image_height());
  const auto size = static_cast<std::size_t>(rings.count() + 1);
  return sum_in_blocks<RingSums>(
      a.height(), rows_per_block, [&](std::int64_t begin, std::int64_t end) {
        RingSums part{std::vector<double>(size),
                      std::vector<double>(size),
                      std::vector<double>(size),
                      std::vector<double>(size)};
        for (std::int64_t y = begin; y < end; ++y)
          for (std::int64_t x = 0; x < a.width(); ++x) {
            const double weight = x == 0 || 2 * x == a.image_width() ? 1 : 2;
            const std::complex<double> va = a.at(x, y);
            const std::complex<double> vb = b.at(x, y);
            const auto ring =
                static_cast<std::size_t>(rings.index(a.frequency_x(x), a.frequency_y(y)));
            part.modes[ring] += weight;
            part.power_a[ring] += weight * std::norm(va);
            part.power_b[ring] += weight * std::norm(vb);
            part.cross[ring] += weight * (va.real() * vb.real() + va.imag() * vb.imag());
          }
        return part;
      });
}

void multiply_rings(Spectrum& spectrum, const std::vector<double>& gain) {
  const Rings rings(spectrum.image_width(), spectrum.image_height());
  require(static_cast<std::int64_t>(gain.size()) == rings.count() + 1,
          "{} gains for {} rings",
          gain.size(),
          rings.count() + 1);
  parallel_for(spectrum.height(), 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t y = begin; y < end; ++y)
      for (std::int64_t x = 0; x < spectrum.width(); ++x) {
        const std::int64_t ring = rings.index(spectrum.frequency_x(x), spectrum.frequency_y(y));
        spectrum.at(x, y) *= static_cast<float>(gain[static_cast<std::size_t>(ring)]);
      }
  });
}

}  // namespace limpid
