#pragma once

namespace limpid {

// Statistics of the projected potential of vitreous ice and of amorphous carbon. Frequencies in
// 1/A.

// Structure factor of low-density amorphous ice: 0.06 at low frequency (the compressibility of
// water), a first peak of about 2 at 1 / 3.7 A and a second one at 1 / 2.06 A, then 1. Peak
// positions and heights: Bowron et al. 2006, J. Chem. Phys. 125:194502, rounded.
double ice_structure_factor(double k);

// Power of the phase shift of a layer, rad^2 A^2: sigma^2 n t (47.878 f_water(k))^2 S(k). The
// transform of a sampled phase image then has the mean square power * pixel count / pixel area.
double ice_phase_power(double k, double thickness_angstrom, double voltage_kv);

// How fast the ice under the beam forgets its structure: the correlation of amplitudes falls as
// exp(-rate * exposure). Water molecules move at random by a mean square of 1.1 A^2 for each e/A^2
// (McMullan, Vinothkumar and Henderson 2015, Ultramicroscopy 158:26, at 300 kV; other voltages by
// the energy deposited), so that the rate is (2 pi k)^2 1.1 / 6.
double ice_decay_rate(double k, double voltage_kv);

// A quantity of unit variance whose correlation falls as exp(-lag), averaged over a frame of length
// x: the covariance of its value at an end of the frame with the average, (1 - exp(-x)) / x, and
// the variance of the average, 2 (x - 1 + exp(-x)) / x^2.
double frame_mean(double x);
double frame_variance(double x);

// Of two sums over alternate frames, each divided by its number of frames: variances and covariance
// of a quantity of unit variance whose correlation falls as exp(-rate * exposure), averaged within
// each frame of exposure `frame_exposure`. Frames 0, 2, ... are even.
struct HalfCovariance {
  double even = 1;
  double odd = 1;
  double cross = 1;
};
HalfCovariance half_covariance(double rate, double frame_exposure, int frame_count);

// Roughness of both surfaces of the layer, which stays as it is under the beam: power of the phase
// for height deviations of rms h with an exponential correlation of length l,
// 2 (sigma V_ice h)^2 2 pi l^2 / (1 + (2 pi k l)^2)^(3/2).
struct SurfaceRoughness {
  double rms_angstrom = 1.5;
  double correlation_length_angstrom = 60;
};
double roughness_phase_power(double k, const SurfaceRoughness& roughness, double voltage_kv);

// Amorphous carbon, 1.9 g/cm^3: its grain, with a structure factor of 0.4 (a white random network
// as Thon rings of carbon show it), and its mean inner potential, 9.1 V (Wanner et al. 2006,
// Ultramicroscopy 106:341, and others: 8 to 11 V).
double carbon_phase_power(double k, double thickness_angstrom, double voltage_kv);
inline constexpr double carbon_inner_potential_volts = 9.1;

// Mean free path in ice for leaving the image: inelastic electrons that an energy filter takes out,
// 3950 A at 300 kV (Rice et al. 2018, J. Struct. Biol. 204:38), in proportion to (v / c)^2.
double ice_mean_free_path_angstrom(double voltage_kv);
// The same for carbon film, some 2.2 times denser in scattering.
double carbon_mean_free_path_angstrom(double voltage_kv);

}  // namespace limpid
