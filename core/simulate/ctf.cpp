#include "core/simulate/ctf.h"

#include "core/base/error.h"
#include "core/simulate/electron.h"

#include <cmath>
#include <numbers>

namespace limpid {

using std::numbers::pi;

Ctf::Ctf(const CtfParameters& p) {
  if (!(p.voltage_kv >= 20 && p.voltage_kv <= 3000))
    fail(ErrorKind::usage, "CTF: a voltage of {} kV (20 to 3000 kV is expected)", p.voltage_kv);
  if (!(p.amplitude_contrast >= 0 && p.amplitude_contrast < 1))
    fail(ErrorKind::usage,
         "CTF: an amplitude contrast of {} (0 to less than 1 is expected)",
         p.amplitude_contrast);
  if (!std::isfinite(p.defocus_u_angstrom) || !std::isfinite(p.defocus_v_angstrom) ||
      !(p.spherical_aberration_mm >= 0))
    fail(ErrorKind::usage,
         "CTF: defocus {} A, {} A and spherical aberration {} mm are not those of a microscope",
         p.defocus_u_angstrom,
         p.defocus_v_angstrom,
         p.spherical_aberration_mm);
  phase_.wavelength_angstrom = electron_wavelength_angstrom(p.voltage_kv);
  phase_.cs_angstrom = 1e7 * p.spherical_aberration_mm;
  alpha_ = std::asin(p.amplitude_contrast);
  phase_.offset = alpha_ + p.phase_shift_degrees * pi / 180;
  phase_.mean_defocus_angstrom = 0.5 * (p.defocus_u_angstrom + p.defocus_v_angstrom);
  const double astigmatism = 0.5 * (p.defocus_u_angstrom - p.defocus_v_angstrom);
  const double twice_angle = 2 * p.defocus_angle_degrees * pi / 180;
  phase_.astigmatism_cos = astigmatism * std::cos(twice_angle);
  phase_.astigmatism_sin = astigmatism * std::sin(twice_angle);
  focal_spread_ = p.focal_spread_angstrom;
  illumination_half_angle_ = 1e-3 * p.illumination_half_angle_mrad;
  b_factor_ = p.b_factor_angstrom2;
}

double Ctf::value(double kx, double ky, double height_angstrom) const {
  return std::sin(phase(kx, ky, height_angstrom));
}

double Ctf::envelope(double k) const {
  const double wavelength = phase_.wavelength_angstrom;
  const double temporal = pi * wavelength * focal_spread_ * k * k;
  const double spatial =
      pi * illumination_half_angle_ *
      (phase_.cs_angstrom * wavelength * wavelength * k * k * k - phase_.mean_defocus_angstrom * k);
  return std::exp(-0.5 * temporal * temporal - spatial * spatial - 0.25 * b_factor_ * k * k);
}

}  // namespace limpid
