#pragma once

#include "core/base/host_device.h"
#include "core/simulate/ice.h"

namespace limpid {

// The layer of vitreous ice.
struct IceLayer {
  double thickness_angstrom = 400;  // in the middle of the image
  // Change of thickness from one side of the image to the other, as a fraction.
  double gradient_x = 0;
  double gradient_y = 0;
  double meniscus = 0;  // excess at the corners, as a fraction
  // Clouds: rms of slow undulations as a fraction of the thickness, of wavelengths from this one to
  // six times it.
  double undulation = 0;
  double undulation_wavelength_angstrom = 500;
  SurfaceRoughness roughness;
};

// Thickness of the ice, without undulations, at a place given as a fraction of the image, (0, 0) in
// one corner, (1, 1) in the opposite one.
LIMPID_HOST_DEVICE inline double ice_thickness_angstrom(const IceLayer& ice, double x, double y) {
  const double u = x - 0.5;
  const double v = y - 0.5;
  const double relative =
      1 + ice.gradient_x * u + ice.gradient_y * v + ice.meniscus * 2 * (u * u + v * v);
  return ice.thickness_angstrom * (relative > 0.1 ? relative : 0.1);
}

}  // namespace limpid
