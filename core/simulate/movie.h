#pragma once

#include "core/simulate/image_formation.h"

#include <cstdint>

namespace limpid {

// Contrasts of the frames of a movie, one after the other: particles fade, the structure of the ice
// wanders as an Ornstein-Uhlenbeck process in each Fourier coefficient.
class MovieFormation {
 public:
  // Keeps references to formation, particles and film.
  MovieFormation(const ImageFormation& formation,
                 const Spectrum& particles,
                 const Spectrum& film,
                 std::uint64_t seed,
                 std::uint64_t micrograph_index);

  // Contrast of the next frame before detection.
  Spectrum next_frame();

 private:
  void age_ice(Spectrum& frame);

  const ImageFormation& formation_;
  const Spectrum& particles_;
  const Spectrum& film_;
  std::uint64_t seed_;
  std::uint64_t micrograph_index_;
  int frame_ = 0;
  Spectrum ice_;        // at the beginning of the frame, unit variance
  Spectrum roughness_;  // unit variance
};

// Moves an image by (x, y) pixels, by a phase ramp.
void shift(Spectrum& spectrum, double x_px, double y_px);

}  // namespace limpid
