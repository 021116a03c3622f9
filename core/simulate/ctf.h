#pragma once

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
  double phase(double kx, double ky, double height_angstrom = 0) const;
  double value(double kx, double ky, double height_angstrom = 0) const;

  // Coherence and B factor: exp(-(pi lambda spread k^2)^2 / 2)
  //   * exp(-(pi a)^2 (Cs lambda^2 k^3 - dz k)^2) * exp(-B k^2 / 4), a the illumination half angle
  // (Frank 1973, Optik 38:519; Wade and Frank 1977, Optik 49:81), for the mean defocus.
  double envelope(double k) const;

  double wavelength_angstrom() const { return wavelength_; }
  double alpha() const { return alpha_; }
  double mean_defocus_angstrom() const { return mean_defocus_; }

 private:
  double wavelength_;
  double cs_angstrom_;
  double alpha_;
  double offset_;
  double mean_defocus_;
  double astigmatism_cos_;
  double astigmatism_sin_;
  double focal_spread_;
  double illumination_half_angle_;
  double b_factor_;
};

}  // namespace limpid
