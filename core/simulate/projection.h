#pragma once

#include "core/image/fourier.h"
#include "core/image/image.h"
#include "core/simulate/orientation.h"
#include "core/simulate/structure.h"

#include <cstdint>
#include <span>
#include <vector>

namespace limpid {

// One particle. Its origin lies at `position_angstrom`: x and y from the centre of pixel (0, 0) of
// the field, z towards the electron source from the middle of the ice.
struct Placement {
  std::size_t structure = 0;
  EulerAngles angles;
  Eigen::Vector3f position_angstrom = Eigen::Vector3f::Zero();
};

// The sampled plane that is simulated. It is periodic: what leaves at one side enters at the other.
// The image is cut out of it, leaving a margin from which neighbours reach into the image.
struct FieldGrid {
  std::int64_t width = 0;
  std::int64_t height = 0;
  double pixel_size_angstrom = 1;
  std::int64_t margin_x_px = 0;  // columns before the image
  std::int64_t margin_y_px = 0;  // rows before the image
  std::int64_t image_width = 0;
  std::int64_t image_height = 0;

  // Place of a pixel of the field as a fraction of the image: 0 in the first column, 1 in the last.
  double fraction_x(double x_px) const {
    return (x_px - static_cast<double>(margin_x_px)) / static_cast<double>(image_width);
  }
  double fraction_y(double y_px) const {
    return (y_px - static_cast<double>(margin_y_px)) / static_cast<double>(image_height);
  }
};

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

// K, divided by its value at 0 ... never below 0.005 for |frequency| <= 0.5 cycles per pixel.
double spreading_kernel_transform(double cycles_per_px);

// K for each column or row of a spectrum of `size` pixels: entry i is for frequency i / size
// (i <= size / 2) or (i - size) / size.
std::vector<float> spreading_kernel_transforms(std::int64_t size);

// The phase shift in rad that the particles add to the electron wave, seen from above, without any
// damage or microscope: for inspection and tests.
Image project_phase(const FieldGrid& grid,
                    std::span<const Structure> structures,
                    std::span<const Placement> particles,
                    double voltage_kv);

// Basis for structures weighted by how many atoms of each kind they hold.
ScatteringBasis make_scattering_basis(std::span<const Structure> structures,
                                      double pixel_size_angstrom);

}  // namespace limpid
