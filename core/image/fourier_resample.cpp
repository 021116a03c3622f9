#include "core/image/fourier_resample.h"

#include "core/base/parallel.h"

#include <algorithm>
#include <complex>

namespace limpid {
namespace {

// On an even grid the highest frequency is its own negative, on a finer grid it is two. Their sum
// stands for them on the coarse grid, half of it for each of the two on the fine one.
bool has_shared_frequency(std::int64_t coarse) {
  return coarse % 2 == 0;
}

}  // namespace

Spectrum resample_spectrum(const Spectrum& spectrum, std::int64_t width, std::int64_t height) {
  Spectrum result(width, height);
  const std::int64_t old_width = spectrum.image_width();
  const std::int64_t old_height = spectrum.image_height();
  const std::int64_t coarse_width = std::min(width, old_width);
  const std::int64_t coarse_height = std::min(height, old_height);
  const std::int64_t columns = coarse_width / 2 + 1;
  const auto scale = static_cast<float>(static_cast<double>(width * height) /
                                        static_cast<double>(old_width * old_height));
  // A half spectrum implies the negative columns: the sum of the two is twice the real part, which
  // is what the inverse transform takes of the last column of an even grid.
  float last_column = 1;
  if (has_shared_frequency(coarse_width) && width != old_width)
    last_column = width > old_width ? 0.5f : 2.0f;

  const auto add_row = [&](std::int64_t from, std::int64_t to, float factor) {
    for (std::int64_t x = 0; x < columns; ++x) {
      const float weight = x == columns - 1 ? last_column : 1.0f;
      result.at(x, to) += spectrum.at(x, from) * (scale * factor * weight);
    }
  };
  const auto row_of = [](std::int64_t frequency, std::int64_t rows) {
    return frequency < 0 ? frequency + rows : frequency;
  };
  const std::int64_t highest = (coarse_height - 1) / 2;
  parallel_for(2 * highest + 1, 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t frequency = begin - highest; frequency < end - highest; ++frequency)
      add_row(row_of(frequency, old_height), row_of(frequency, height), 1);
  });
  if (has_shared_frequency(coarse_height)) {
    const std::int64_t shared = coarse_height / 2;
    if (height == old_height) {
      add_row(shared, shared, 1);
    } else if (height < old_height) {
      add_row(shared, shared, 1);
      add_row(old_height - shared, shared, 1);
    } else {
      add_row(shared, shared, 0.5f);
      add_row(shared, height - shared, 0.5f);
    }
  }
  return result;
}

}  // namespace limpid
