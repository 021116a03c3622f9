#include "core/image/fourier.h"

#include "core/base/parallel.h"

#include <gemmi/third_party/pocketfft_hdronly.h>

namespace limpid {
namespace {

pocketfft::shape_t shape_of(const Spectrum& spectrum) {
  return {static_cast<std::size_t>(spectrum.image_height()),
          static_cast<std::size_t>(spectrum.image_width())};
}

template <class Element>
pocketfft::stride_t strides(std::int64_t width) {
  return {static_cast<std::ptrdiff_t>(static_cast<std::size_t>(width) * sizeof(Element)),
          static_cast<std::ptrdiff_t>(sizeof(Element))};
}

}  // namespace

Spectrum fourier_transform(const Image& image) {
  Spectrum spectrum(image.width(), image.height());
  pocketfft::r2c<float>(shape_of(spectrum),
                        strides<float>(image.width()),
                        strides<std::complex<float>>(spectrum.width()),
                        {0, 1},
                        pocketfft::FORWARD,
                        image.pixels().data(),
                        spectrum.values().data(),
                        1.0f,
                        static_cast<std::size_t>(thread_count()));
  return spectrum;
}

Image inverse_fourier_transform(const Spectrum& spectrum) {
  Image image(spectrum.image_width(), spectrum.image_height());
  pocketfft::c2r<float>(shape_of(spectrum),
                        strides<std::complex<float>>(spectrum.width()),
                        strides<float>(image.width()),
                        {0, 1},
                        pocketfft::BACKWARD,
                        spectrum.values().data(),
                        image.pixels().data(),
                        1.0f / static_cast<float>(image.pixel_count()),
                        static_cast<std::size_t>(thread_count()));
  return image;
}

std::int64_t fast_fourier_size(std::int64_t size) {
  return static_cast<std::int64_t>(
      pocketfft::detail::util::good_size_cmplx(static_cast<std::size_t>(size)));
}

}  // namespace limpid
