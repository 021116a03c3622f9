#pragma once

#include "core/image/image.h"
#include "core/simulate/placement.h"
#include "core/simulate/scattering.h"
#include "core/simulate/spreading_kernel.h"
#include "core/simulate/structure.h"

#include <cstdint>
#include <span>
#include <vector>

namespace limpid {

// A horizontal cut through the specimen that is imaged at one defocus.
struct Slab {
  double height_angstrom = 0;  // of its middle
  // For each function of the scattering basis: the sum over scatterers of weight times a spreading
  // kernel.
  std::vector<Image> spread;
};

// Spreads the scatterers of all particles over the slabs: the first step of a non-uniform Fourier
// transform (Barnett, Magland and af Klinteberg 2019, SIAM J. Sci. Comput. 41:C479, whose
// "exponential of semicircle" kernel is used, 6 pixels wide). The transform of slab phase is
//   phase(k) = sigma 47.878 / pixel^2 * sum_r basis_r(|k|) spread_r(k) / (K(kx) K(ky))
// with the kernel transform K; scatterers keep their exact positions. What a frequency f (in cycles
// per pixel) takes over from 1 - f is below 1e-3 of it for f < 0.35 and 0.05 at 0.45.
// Slabs without scatterers are left out. The result does not depend on the number of threads.
std::vector<Slab> spread_particles(const FieldGrid& grid,
                                   std::span<const Structure> structures,
                                   std::span<const Placement> particles,
                                   const ScatteringBasis& basis,
                                   double slab_thickness_angstrom);

}  // namespace limpid
