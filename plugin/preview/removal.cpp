#include "plugin/preview/removal.h"

#include "core/base/error.h"
#include "core/image/block_sum.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace limpid {
namespace {

struct Means {
  double raw = 0;
  double denoised = 0;
  double count = 0;

  Means& operator+=(const Means& other) {
    raw += other.raw;
    denoised += other.denoised;
    count += other.count;
    return *this;
  }
};

struct Products {
  double raw = 0;
  double denoised = 0;
  double both = 0;

  Products& operator+=(const Products& other) {
    raw += other.raw;
    denoised += other.denoised;
    both += other.both;
    return *this;
  }
};

// Calls add(raw, denoised, sum) for every pixel that is finite in both.
template <class Sum, class Add>
Sum sum_over_pixels(const Image& raw, const Image& denoised, const Add& add) {
  return sum_in_blocks<Sum>(
      raw.pixel_count(), sum_block_pixels, [&](std::int64_t begin, std::int64_t end) {
        Sum part;
        for (std::int64_t i = begin; i < end; ++i) {
          const float a = raw.pixels()[static_cast<std::size_t>(i)];
          const float b = denoised.pixels()[static_cast<std::size_t>(i)];
          if (std::isfinite(a) && std::isfinite(b))
            add(a, b, part);
        }
        return part;
      });
}

}  // namespace

Removal measure_removal(const Image& raw, const Image& denoised) {
  require(raw.width() == denoised.width() && raw.height() == denoised.height(),
          "measuring what was removed between images of unlike size");
  const Means means = sum_over_pixels<Means>(raw, denoised, [](double a, double b, Means& sum) {
    sum.raw += a;
    sum.denoised += b;
    sum.count += 1;
  });
  if (means.count == 0)
    return {};
  const double mean_raw = means.raw / means.count, mean_denoised = means.denoised / means.count;
  const Products products =
      sum_over_pixels<Products>(raw, denoised, [&](double a, double b, Products& sum) {
        sum.raw += (a - mean_raw) * (a - mean_raw);
        sum.denoised += (b - mean_denoised) * (b - mean_denoised);
        sum.both += (a - mean_raw) * (b - mean_denoised);
      });
  const double removed = std::max(0.0, products.raw + products.denoised - 2 * products.both);
  Removal removal{std::sqrt(products.raw / means.count),
                  std::sqrt(products.denoised / means.count),
                  std::sqrt(removed / means.count),
                  0};
  const double norm = std::sqrt(removed * products.denoised);
  if (norm > 0)
    removal.correlation = (products.both - products.denoised) / norm;
  return removal;
}

}  // namespace limpid
