#pragma once

#include "core/base/host_device.h"

#include <cmath>
#include <numbers>

namespace limpid {

struct CtfParameters {
  double voltage_kv = 300;
  double spherical_aberration_mm = 2.7;
  double amplitude_contrast = 0.07;
  // Positive is underfocus. U is the defocus along the direction `defocus_angle_degrees` (from the
  // x axis towards the y axis), V the one across.
  double defocus_u_angstrom = 15000;
  double defocus_v_angstrom = 15000;
  double defocus_angle_degrees = 0;
  double phase_shift_degrees = 0;  // of a phase plate
  // Standard deviation of the defocus from the energy spread of the beam and the ripple of the
  // supplies, Cc sqrt((dE / E)^2 + (dV / V)^2 + (2 dI / I)^2).
  double focal_spread_angstrom = 60;
  double illumination_half_angle_mrad = 0.02;
  double b_factor_angstrom2 = 0;
};

// gamma of Ctf in plain numbers.
struct CtfPhase {
  double wavelength_angstrom = 0;
  double cs_angstrom = 0;
  double offset = 0;
  double mean_defocus_angstrom = 0;
  double astigmatism_cos = 0;
  double astigmatism_sin = 0;

  LIMPID_HOST_DEVICE double operator()(double kx, double ky, double height_angstrom = 0) const {
    constexpr double pi = std::numbers::pi;
    const double k2 = kx * kx + ky * ky;
    // cos 2(theta - angle) k^2 without an arctangent.
    const double astigmatic = astigmatism_cos * (kx * kx - ky * ky) + astigmatism_sin * 2 * kx * ky;
    return pi * wavelength_angstrom *
               ((mean_defocus_angstrom - height_angstrom) * k2 + astigmatic) -
           0.5 * pi * cs_angstrom * wavelength_angstrom * wavelength_angstrom *
               wavelength_angstrom * k2 * k2 +
           offset;
  }
};

// sin in float32, of angles of any size.
LIMPID_HOST_DEVICE inline float reduced_sine(double angle) {
  const double turns = angle * (0.5 / std::numbers::pi);
  return std::sin(static_cast<float>((turns - std::round(turns)) * 2 * std::numbers::pi));
}

// Mean power over the depth of the ice of sin(gamma) / cos(alpha), times 4: the mean of
// sin^2(gamma - pi lambda k^2 z) over |z| < thickness / 2.
LIMPID_HOST_DEVICE inline double depth_averaged_transfer_power(
    const CtfPhase& phase, double alpha, double thickness_angstrom, double kx, double ky) {
  const double spread =
      std::numbers::pi * phase.wavelength_angstrom * (kx * kx + ky * ky) * thickness_angstrom;
  const double damping = spread > 1e-6 ? std::sin(spread) / spread : 1;
  const double cosine = std::cos(2 * phase(kx, ky));
  const double phase_part = std::cos(alpha);
  return 2 * (1 - cosine * damping) / (phase_part * phase_part);
}

// Contrast transfer of a weak object. Its image is I(r) / I0 = 1 - 2 [phase * T](r), phase in rad,
//   T(k) = sin(gamma(k)) / cos(alpha) * envelope(k),
//   gamma = pi lambda dz(theta) k^2 - pi/2 Cs lambda^3 k^4 + phase shift + alpha,
//   alpha = arcsin(amplitude contrast),
//   dz(theta) = (U + V) / 2 + (U - V) / 2 cos 2 (theta - angle),
// so that sin(gamma) is the CTF in the sign and units that CTF estimation programs print (Rohou and
// Grigorieff 2015, J. Struct. Biol. 192:216); dividing by cos(alpha) keeps the phase part of the
// image at its absolute size. Frequencies are in 1/A.
class Ctf {
 public:
  // Throws Error (usage) for values that no microscope has.
  explicit Ctf(const CtfParameters& parameters);

  // gamma of an object `height` angstrom nearer to the electron source than the plane the defocus
  // is stated for; it is underfocused by that much less.
  double phase(double kx, double ky, double height_angstrom = 0) const {
    return phase_(kx, ky, height_angstrom);
  }
  const CtfPhase& phase() const { return phase_; }
  double value(double kx, double ky, double height_angstrom = 0) const;

  // Coherence and B factor: exp(-(pi lambda spread k^2)^2 / 2)
  //   * exp(-(pi a)^2 (Cs lambda^2 k^3 - dz k)^2) * exp(-B k^2 / 4), a the illumination half angle
  // (Frank 1973, Optik 38:519; Wade and Frank 1977, Optik 49:81), for the mean defocus.
  double envelope(double k) const;

  double wavelength_angstrom() const { return phase_.wavelength_angstrom; }
  double alpha() const { return alpha_; }
  double mean_defocus_angstrom() const { return phase_.mean_defocus_angstrom; }

 private:
  CtfPhase phase_;
  double alpha_;
  double focal_spread_;
  double illumination_half_angle_;
  double b_factor_;
};

}  // namespace limpid
