#include "core/simulate/electron.h"

#include <cmath>
#include <numbers>

namespace limpid {
namespace {

// CODATA 2018.
constexpr double rest_energy_ev = 510998.95;
constexpr double planck_times_c_ev_angstrom = 12398.41984;

}  // namespace

double electron_wavelength_angstrom(double voltage_kv) {
  const double energy_ev = 1000 * voltage_kv;
  return planck_times_c_ev_angstrom / std::sqrt(energy_ev * (energy_ev + 2 * rest_energy_ev));
}

double interaction_constant(double voltage_kv) {
  const double energy_ev = 1000 * voltage_kv;
  return 2 * std::numbers::pi / (electron_wavelength_angstrom(voltage_kv) * energy_ev) *
         (energy_ev + rest_energy_ev) / (energy_ev + 2 * rest_energy_ev);
}

double squared_speed_ratio(double voltage_kv) {
  const double gamma = 1 + 1000 * voltage_kv / rest_energy_ev;
  return 1 - 1 / (gamma * gamma);
}

}  // namespace limpid
