#pragma once

#include "core/image/image.h"

#include <complex>
#include <cstdint>
#include <vector>

namespace limpid {

// The non-redundant half of the discrete Fourier transform of a real image: row `y` holds vertical
// frequency index y (y > height/2 stands for y - height), column `x` holds horizontal index 0 ..
// width/2.
class Spectrum {
 public:
  Spectrum() = default;
  Spectrum(std::int64_t image_width, std::int64_t image_height)
      : image_width_(image_width),
        image_height_(image_height),
        values_(static_cast<std::size_t>((image_width / 2 + 1) * image_height)) {}

  std::int64_t image_width() const { return image_width_; }
  std::int64_t image_height() const { return image_height_; }
  std::int64_t width() const { return image_width_ / 2 + 1; }
  std::int64_t height() const { return image_height_; }

  std::complex<float>& at(std::int64_t x, std::int64_t y) {
    return values_[static_cast<std::size_t>(y * width() + x)];
  }
  std::complex<float> at(std::int64_t x, std::int64_t y) const {
    return values_[static_cast<std::size_t>(y * width() + x)];
  }
  std::vector<std::complex<float>>& values() { return values_; }
  const std::vector<std::complex<float>>& values() const { return values_; }

  // Frequencies in cycles per pixel: -0.5 to 0.5.
  double frequency_x(std::int64_t x) const {
    return static_cast<double>(x) / static_cast<double>(image_width_);
  }
  double frequency_y(std::int64_t y) const {
    const std::int64_t index = 2 * y > image_height_ ? y - image_height_ : y;
    return static_cast<double>(index) / static_cast<double>(image_height_);
  }

 private:
  std::int64_t image_width_ = 0;
  std::int64_t image_height_ = 0;
  std::vector<std::complex<float>> values_;
};

// F(k) = sum over pixels of image(r) exp(-2 pi i k r), without a factor. Any size; runs on
// thread_count() threads.
Spectrum fourier_transform(const Image& image);

// The inverse, with the factor 1 / (width * height): gives the image back. Imaginary parts that a
// real image cannot have are ignored.
Image inverse_fourier_transform(const Spectrum& spectrum);

// The smallest size from `size` on that has no prime factors but 2, 3, 5, 7 and 11: its transform
// is fast.
std::int64_t fast_fourier_size(std::int64_t size);

}  // namespace limpid
