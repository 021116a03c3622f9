#pragma once

namespace limpid {

// Fast electrons of an acceleration voltage in kilovolts.

// Relativistic wavelength h / sqrt(2 m0 e V (1 + e V / 2 m0 c^2)): 0.0197 A at 300 kV.
double electron_wavelength_angstrom(double voltage_kv);

// Phase that one volt of potential along one angstrom adds, sigma = 2 pi m e lambda / h^2 with the
// relativistic mass m, in rad / (V A): 6.53e-4 at 300 kV.
double interaction_constant(double voltage_kv);

// (v / c)^2. Inelastic cross sections fall, and mean free paths and critical exposures grow, about
// in proportion to it.
double squared_speed_ratio(double voltage_kv);

}  // namespace limpid
