#include "core/simulate/scattering.h"

#include "core/base/error.h"

#include <Eigen/Dense>
#include <gemmi/c4322.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace limpid {
namespace {

struct KindProperties {
  int atomic_number;
  double hydrogens;  // mean number in proteins and nucleic acids
  double bare_volume_a3;
  double bare_mass_dalton;
};

// Volumes: Fraser et al. 1978; ions as tabulated for CRYSOL (Svergun et al. 1995, J. Appl. Cryst.
// 28:768). Hydrogens: amino-acid composition C 4.94 H 7.76 N 1.36 O 1.48 a residue.
constexpr std::array<KindProperties, atom_kind_count> kind_properties = {{
    {6, 1.25, 16.44, 12.011},
    {7, 1.0, 2.49, 14.007},
    {8, 0.15, 9.13, 15.999},
    {16, 0.4, 19.86, 32.06},
    {15, 0.0, 5.73, 30.974},
    {12, 0.0, 17.16, 24.305},
    {30, 0.0, 9.85, 65.38},
    {0, 0.0, 0.0, 0.0},
}};
constexpr double hydrogen_volume_a3 = 5.15;
constexpr double hydrogen_mass_dalton = 1.008;

// A hydrogen 1.09 A away in any direction: exp(-(2 pi k)^2 1.09^2 / 6) = exp(-B k^2 / 4).
constexpr double hydrogen_b_factor = 31;

constexpr int table_size = 512;

const KindProperties& properties(AtomKind kind) {
  return kind_properties[static_cast<std::size_t>(kind)];
}

}  // namespace

double form_factor(int atomic_number, double k) {
  const auto element = static_cast<gemmi::El>(atomic_number);
  require(atomic_number > 0 && gemmi::C4322<double>::has(element),
          "no electron form factor for atomic number {}",
          atomic_number);
  const auto& coefficients = gemmi::C4322<double>::get(element);
  // The tables use s = sin(theta) / lambda = k / 2.
  return coefficients.calculate_sf(0.25 * k * k);
}

double water_form_factor(double k) {
  return form_factor(8, k) + 2 * form_factor(1, k);
}

double ice_inner_potential_volts() {
  return volts_per_form_factor * ice_molecules_per_a3 * water_form_factor(0);
}

double atom_form_factor(AtomKind kind, double k) {
  if (kind == AtomKind::density)
    return std::exp(-0.25 * density_b_factor_angstrom2 * k * k);
  const KindProperties& atom = properties(kind);
  const double hydrogens =
      atom.hydrogens * form_factor(1, k) * std::exp(-0.25 * hydrogen_b_factor * k * k);
  return form_factor(atom.atomic_number, k) + hydrogens;
}

double displaced_volume_a3(AtomKind kind) {
  return properties(kind).bare_volume_a3 + properties(kind).hydrogens * hydrogen_volume_a3;
}

double contrast_form_factor(AtomKind kind, double k) {
  if (kind == AtomKind::density)
    return atom_form_factor(kind, k);
  const double volume = displaced_volume_a3(kind);
  const double displaced = ice_molecules_per_a3 * water_form_factor(0) * volume *
                           std::exp(-std::numbers::pi * k * k * std::cbrt(volume * volume));
  return atom_form_factor(kind, k) - displaced;
}

double atom_mass_dalton(AtomKind kind) {
  return properties(kind).bare_mass_dalton + properties(kind).hydrogens * hydrogen_mass_dalton;
}

ScatteringBasis::ScatteringBasis(std::span<const double> abundance, double largest_frequency)
    : frequency_step_(largest_frequency / (table_size - 1)) {
  require(abundance.size() == atom_kind_count && largest_frequency > 0,
          "a scattering basis for {} kinds up to {} / A",
          abundance.size(),
          largest_frequency);
  double total = 0;
  std::size_t kinds_in_use = 0;
  for (double count : abundance) {
    total += count;
    kinds_in_use += count > 0 ? 1 : 0;
  }
  const bool has_density = abundance[static_cast<std::size_t>(AtomKind::density)] > 0;
  rank_ = std::clamp<std::size_t>(kinds_in_use, 1, has_density ? largest_basis_rank : 2);

  Eigen::MatrixXd form_factors(atom_kind_count, table_size);
  Eigen::MatrixXd weighted(atom_kind_count, table_size);
  for (std::size_t kind = 0; kind < atom_kind_count; ++kind)
    for (int i = 0; i < table_size; ++i) {
      const double k = i * frequency_step_;
      const auto row = static_cast<Eigen::Index>(kind);
      form_factors(row, i) = contrast_form_factor(static_cast<AtomKind>(kind), k);
      // A floor of 1e-3 keeps kinds that are absent representable. Low frequencies carry nearly
      // all of the signal, hence 1 / k.
      const double share = total > 0 ? abundance[kind] / total : 1;
      weighted(row, i) = std::sqrt(std::max(share, kinds_in_use > 2 ? 1e-3 : 0) / (k + 0.02)) *
                         form_factors(row, i);
    }
  const Eigen::JacobiSVD<Eigen::MatrixXd> svd(weighted, Eigen::ComputeThinU | Eigen::ComputeThinV);

  Eigen::MatrixXd functions = svd.matrixV().leftCols(static_cast<Eigen::Index>(rank_)).transpose();
  for (int i = 0; i < table_size; ++i)
    functions.col(i) *= std::sqrt(i * frequency_step_ + 0.02);
  // Least squares in the same metric: each kind onto the functions.
  Eigen::VectorXd metric(table_size);
  for (int i = 0; i < table_size; ++i)
    metric(i) = 1 / (i * frequency_step_ + 0.02);
  const Eigen::MatrixXd gram = functions * metric.asDiagonal() * functions.transpose();
  const Eigen::MatrixXd projected = functions * metric.asDiagonal() * form_factors.transpose();
  const Eigen::MatrixXd weights = gram.ldlt().solve(projected);

  for (std::size_t kind = 0; kind < atom_kind_count; ++kind)
    for (std::size_t function = 0; function < rank_; ++function)
      weights_.push_back(static_cast<float>(
          weights(static_cast<Eigen::Index>(function), static_cast<Eigen::Index>(kind))));
  for (std::size_t function = 0; function < rank_; ++function)
    for (int i = 0; i < table_size; ++i)
      values_.push_back(functions(static_cast<Eigen::Index>(function), i));
}

double ScatteringBasis::value(std::size_t function, double k) const {
  const double position = std::clamp(k / frequency_step_, 0.0, table_size - 1.000001);
  const auto index = static_cast<std::size_t>(position);
  const double fraction = position - static_cast<double>(index);
  const double* samples = values_.data() + function * table_size;
  return samples[index] + fraction * (samples[index + 1] - samples[index]);
}

}  // namespace limpid
