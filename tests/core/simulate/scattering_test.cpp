#include "core/simulate/scattering.h"

#include "tests/support/catch.h"

#include <array>
#include <cmath>

using namespace limpid;

namespace {

// Atoms of an average residue of protein.
constexpr std::array<double, atom_kind_count> residue = {4.94, 1.36, 1.48, 0.04, 0, 0, 0, 0};

double sum_over_residue(double (*property)(AtomKind)) {
  double sum = 0;
  for (std::size_t kind = 0; kind < atom_kind_count; ++kind)
    sum += residue[kind] * property(static_cast<AtomKind>(kind));
  return sum;
}

}  // namespace

TEST_CASE("scattering: form factors at angle 0 are those of Peng et al. 1996") {
  // Sums of their five coefficients, in A.
  CHECK(form_factor(1, 0) == Approx(0.5288).epsilon(1e-3));
  CHECK(form_factor(6, 0) == Approx(2.5088).epsilon(1e-3));
  CHECK(form_factor(7, 0) == Approx(2.2135).epsilon(1e-3));
  CHECK(form_factor(8, 0) == Approx(1.9834).epsilon(1e-3));
  CHECK(form_factor(15, 0) == Approx(5.4881).epsilon(1e-3));
  CHECK(form_factor(16, 0) == Approx(5.1616).epsilon(1e-3));
}

TEST_CASE("scattering: the potential of ice is that of superposed isolated atoms") {
  // Vulovic et al. 2013: 4.5301 V at 0.93 g/cm^3.
  CHECK(ice_inner_potential_volts() == Approx(4.5301 * 0.94 / 0.93).epsilon(0.005));
}

TEST_CASE("scattering: an average residue weighs, fills and scatters like protein") {
  const double mass = sum_over_residue(atom_mass_dalton);
  const double volume = sum_over_residue(displaced_volume_a3);
  CHECK(mass == Approx(111).epsilon(0.01));
  // Partial specific volume 0.73 to 0.75 cm^3/g is 1.21 to 1.25 A^3/Da.
  CHECK(volume / mass == Approx(1.23).epsilon(0.03));
  const double potential =
      volts_per_form_factor *
      sum_over_residue([](AtomKind kind) { return atom_form_factor(kind, 0); }) / volume;
  // 7 to 8.5 V inside of protein; the contrast to ice is some 3 V.
  CHECK(potential == Approx(7.8).epsilon(0.03));
  const double contrast =
      volts_per_form_factor *
      sum_over_residue([](AtomKind kind) { return contrast_form_factor(kind, 0); }) / volume;
  CHECK(contrast == Approx(potential - ice_inner_potential_volts()).epsilon(1e-6));
}

TEST_CASE("scattering: displaced solvent matters at low frequencies only") {
  const double low = contrast_form_factor(AtomKind::carbon, 0);
  CHECK(low < 0.4 * atom_form_factor(AtomKind::carbon, 0));
  CHECK(contrast_form_factor(AtomKind::carbon, 0.5) ==
        Approx(atom_form_factor(AtomKind::carbon, 0.5)).epsilon(0.01));
}

TEST_CASE("scattering: two functions stand for all kinds of a protein") {
  const ScatteringBasis basis(residue, 0.7);
  REQUIRE(basis.rank() == 2);
  for (double k = 0; k < 1.0 / 3; k += 0.01) {
    double exact = 0;
    double fitted = 0;
    for (std::size_t kind = 0; kind < 3; ++kind) {
      const auto atom = static_cast<AtomKind>(kind);
      const double own =
          basis.weight(atom, 0) * basis.value(0, k) + basis.weight(atom, 1) * basis.value(1, k);
      // Of the largest form factor in the sum: errors of a kind hide in the others.
      CHECK(std::abs(own - contrast_form_factor(atom, k)) < 0.12);
      exact += residue[kind] * contrast_form_factor(atom, k);
      fitted += residue[kind] * own;
    }
    CHECK(fitted == Approx(exact).epsilon(0.015));
  }
}

TEST_CASE("scattering: a single kind is represented exactly") {
  std::array<double, atom_kind_count> only_density{};
  only_density[static_cast<std::size_t>(AtomKind::density)] = 10;
  const ScatteringBasis basis(only_density, 0.5);
  REQUIRE(basis.rank() == 1);
  for (double k = 0; k < 0.5; k += 0.05)
    CHECK(basis.weight(AtomKind::density, 0) * basis.value(0, k) ==
          Approx(contrast_form_factor(AtomKind::density, k)).margin(1e-5));
}
