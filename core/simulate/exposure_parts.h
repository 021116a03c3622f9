#pragma once

#include <cstddef>
#include <cstdint>

// Plain parts of an exposure, alike on the host and on devices.
namespace limpid {

// A scatterer with its weights for the two functions of the scattering basis.
struct PlannedScatterer {
  float x;
  float y;
  float z;
  float weights[2];
};

// One particle: a run of scatterers, turned and moved.
struct PlannedParticle {
  std::int64_t first_place = 0;  // of its scatterers among those of all particles
  std::int64_t first_scatterer = 0;
  float rotation[9];  // row by row
  float position_angstrom[3];
};

// Electrons of a pixel that counts without being hit, in both halves.
struct PlannedHotPixel {
  std::int64_t pixel = 0;
  float electrons[2];
};

// What spectra of both halves are multiplied by: transfer without and with what the detector does
// after detection, what damage and motion leave of particles, and the Cholesky factor of the
// covariance of the ice.
struct HalfColumn {
  enum : std::size_t { before, in_all, even_part, odd_part, even_ice, cross_ice, odd_ice, count };
};

}  // namespace limpid
