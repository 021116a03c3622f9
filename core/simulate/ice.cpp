#include "core/simulate/ice.h"

#include "core/base/error.h"
#include "core/simulate/electron.h"
#include "core/simulate/scattering.h"

#include <cmath>
#include <numbers>

namespace limpid {
namespace {

constexpr double two_pi = 2 * std::numbers::pi;

double gaussian(double x, double centre, double sigma) {
  const double z = (x - centre) / sigma;
  return std::exp(-0.5 * z * z);
}

double square(double x) {
  return x * x;
}

// Relative to 300 kV.
double speed_factor(double voltage_kv) {
  return squared_speed_ratio(voltage_kv) / squared_speed_ratio(300);
}

}  // namespace

double ice_structure_factor(double k) {
  constexpr double low_limit = 0.06;
  const double step = 1 / (1 + std::exp(-(k - 0.25) / 0.022));
  return low_limit + (1 - low_limit) * step + 1.25 * gaussian(k, 0.270, 0.024) -
         0.25 * gaussian(k, 0.375, 0.04) + 0.45 * gaussian(k, 0.486, 0.045);
}

double ice_phase_power(double k, double thickness_angstrom, double voltage_kv) {
  const double volts = volts_per_form_factor * water_form_factor(k);
  return square(interaction_constant(voltage_kv) * volts) * ice_molecules_per_a3 *
         thickness_angstrom * ice_structure_factor(k);
}

double ice_decay_rate(double k, double voltage_kv) {
  constexpr double mean_square_per_exposure = 1.1;
  return square(two_pi * k) * mean_square_per_exposure / 6 / speed_factor(voltage_kv);
}

double frame_mean(double x) {
  return x < 1e-4 ? 1 - x / 2 : -std::expm1(-x) / x;
}

double frame_variance(double x) {
  return x < 1e-3 ? 1 - x / 3 + x * x / 12 : 2 * (x + std::expm1(-x)) / (x * x);
}

HalfCovariance half_covariance(double rate, double frame_exposure, int frame_count) {
  require(frame_count >= 2, "{} frames cannot be split into halves", frame_count);
  const double x = rate * frame_exposure;
  const double decay = std::exp(-x);
  // Averages over one frame, and over a pair of frames: integrals of exp(-|a - b|).
  const double same = frame_variance(x);
  const double pair = square(frame_mean(x));
  const auto frames_even = static_cast<double>((frame_count + 1) / 2);
  const auto frames_odd = static_cast<double>(frame_count / 2);
  HalfCovariance sum{frames_even * same, frames_odd * same, 0};
  double correlation = 1;
  for (int lag = 1; lag < frame_count; ++lag) {
    const int pairs = frame_count - lag;
    // Frames at an even distance lie in the same half; of those pairs the first, third, ... start
    // at an even frame.
    if (lag % 2 == 0) {
      sum.even += 2 * ((pairs + 1) / 2) * pair * correlation;
      sum.odd += 2 * (pairs / 2) * pair * correlation;
    } else {
      sum.cross += pairs * pair * correlation;
    }
    correlation *= decay;
  }
  return {sum.even / square(frames_even),
          sum.odd / square(frames_odd),
          sum.cross / (frames_even * frames_odd)};
}

double roughness_phase_power(double k, const SurfaceRoughness& roughness, double voltage_kv) {
  const double phase =
      interaction_constant(voltage_kv) * ice_inner_potential_volts() * roughness.rms_angstrom;
  const double length = roughness.correlation_length_angstrom;
  return 2 * square(phase) * two_pi * square(length) /
         std::pow(1 + square(two_pi * k * length), 1.5);
}

double carbon_phase_power(double k, double thickness_angstrom, double voltage_kv) {
  constexpr double atoms_per_a3 = 1.9 * 0.602214 / 12.011;
  constexpr double structure_factor = 0.4;
  const double volts = volts_per_form_factor * form_factor(6, k);
  return square(interaction_constant(voltage_kv) * volts) * atoms_per_a3 * thickness_angstrom *
         structure_factor;
}

double ice_mean_free_path_angstrom(double voltage_kv) {
  return 3950 * speed_factor(voltage_kv);
}

double carbon_mean_free_path_angstrom(double voltage_kv) {
  return 1800 * speed_factor(voltage_kv);
}

}  // namespace limpid
