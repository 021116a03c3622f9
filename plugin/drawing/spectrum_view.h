#pragma once

#include "core/image/image.h"
#include "plugin/drawing/power_spectrum.h"

#include <cstdint>
#include <vector>

namespace limpid {

// The smooth part of ln(power) along the rings. Without it rings of one power spectrum do not fit
// into one range of greys; with it, and the same for all, spectra of one micrograph can be
// compared.
class SpectrumBackground {
 public:
  explicit SpectrumBackground(const PowerSpectrum& spectrum);

  // At a frequency in cycles per pixel; the corners beyond 0.5 continue the last ring.
  double log_power(double frequency) const;

 private:
  std::int64_t tile_px_;
  std::vector<double> log_power_;
};

// ln(power / background), zero frequency in the middle, vertical frequencies upwards as in an image
// whose row 0 is at the bottom. The sides are at +-highest_frequency, cycles per pixel.
Image spectrum_picture(const PowerSpectrum& spectrum,
                       const SpectrumBackground& background,
                       double highest_frequency,
                       std::int64_t side_px);

}  // namespace limpid
