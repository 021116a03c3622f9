#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace limpid {

// What scatters in a structure: a heavy atom together with the hydrogens it carries on average in
// proteins and nucleic acids. Ions stand for themselves and their neighbours in the periodic
// table. `density` is a sample of a potential map of its own width.
enum class AtomKind : std::uint8_t {
  carbon,
  nitrogen,
  oxygen,
  sulfur,
  phosphorus,
  light_ion,  // as Mg
  heavy_ion,  // as Zn
  density
};
inline constexpr std::size_t atom_kind_count = 8;

// Projected potential of one electron form factor unit: h^2 / (2 pi m0 e) = 47.878 V A^2, so that a
// scatterer with form factor f(k) in A has the potential transform 47.878 f(k) in V A^3.
inline constexpr double volts_per_form_factor = 47.87801;

// Vitreous ice, 0.94 g/cm^3 (low-density amorphous ice), in water molecules per A^3.
inline constexpr double ice_molecules_per_a3 = 0.94 * 0.602214 / 18.015;

// Electron form factor of the neutral atom, A; k in 1/A. The five Gaussians of Peng, Ren, Dudarev
// and Whelan 1996, Acta Cryst. A52:257 (International Tables C, table 4.3.2.2).
double form_factor(int atomic_number, double k);

// Of a water molecule: 2 H + O, coherent, as needed for frequencies below 1 / (2 A).
double water_form_factor(double k);

// Mean inner potential of ice, n * 47.878 * f(0) = 4.57 V; Vulovic et al. 2013 (J. Struct. Biol.
// 183:19) give 4.53 V for 0.93 g/cm^3 from the same superposition of isolated atoms.
double ice_inner_potential_volts();

// The heavy atom with its hydrogens (smeared over the sphere they sit on).
double atom_form_factor(AtomKind kind, double k);

// The volume of solvent the atom and its hydrogens displace, A^3: Fraser, MacRae and Suzuki 1978,
// J. Appl. Cryst. 11:693. In proteins they add up to 1.25 A^3/Da.
double displaced_volume_a3(AtomKind kind);

// Atom minus the ice it displaces: f(k) - n f_water(0) V exp(-pi k^2 V^(2/3)) (Fraser et al.), A.
// Summed over a protein: 7.8 V inside against 4.6 V of ice.
double contrast_form_factor(AtomKind kind, double k);

double atom_mass_dalton(AtomKind kind);

// Width of `density` samples: they are Gaussians exp(-B k^2 / 4) of 1 A form factor, so that a
// sample carries its strength in its weight.
inline constexpr double density_b_factor_angstrom2 = 60;

inline constexpr std::size_t largest_basis_rank = 3;

// A few radial functions that together give the contrast form factor of every kind in use:
// f_kind(k) = sum_r weight(kind, r) * value(r, k). Splatting atoms once for each function costs
// less than once for each kind. Found by principal components weighted by abundance; two functions
// reproduce a protein to 0.1 % in total and each kind to 4 % below 1 / (3 A).
class ScatteringBasis {
 public:
  // `abundance`: number of atoms of each kind.
  ScatteringBasis(std::span<const double> abundance, double largest_frequency);

  std::size_t rank() const { return rank_; }
  float weight(AtomKind kind, std::size_t function) const {
    return weights_[static_cast<std::size_t>(kind) * rank_ + function];
  }
  // Linear between samples; k up to the largest frequency.
  double value(std::size_t function, double k) const;

 private:
  std::size_t rank_;
  double frequency_step_;
  std::vector<float> weights_;
  std::vector<double> values_;
};

}  // namespace limpid
