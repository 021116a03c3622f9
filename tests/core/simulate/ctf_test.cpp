#include "core/simulate/ctf.h"

#include "core/base/error.h"
#include "core/simulate/electron.h"
#include "tests/support/catch.h"

#include <cmath>
#include <numbers>

using namespace limpid;
using std::numbers::pi;

TEST_CASE("ctf: zeros lie where the quadratic equation puts them") {
  CtfParameters parameters;
  parameters.defocus_u_angstrom = parameters.defocus_v_angstrom = 18000;
  parameters.amplitude_contrast = 0.1;
  const Ctf ctf(parameters);
  // gamma = n pi is a quadratic equation in k^2.
  const double lambda = electron_wavelength_angstrom(300);
  const double a = 0.5 * 2.7e7 * lambda * lambda * lambda;
  const double b = lambda * 18000;
  for (int n = 1; n <= 20; ++n) {
    const double c = n - std::asin(0.1) / pi;
    const double k = std::sqrt((b - std::sqrt(b * b - 4 * a * c)) / (2 * a));
    CHECK(std::abs(ctf.value(k, 0)) < 1e-9);
    CHECK(ctf.value(0.999 * k, 0) * ctf.value(1.001 * k, 0) < 0);
  }
}

TEST_CASE("ctf: underfocus makes protein dark, by the amplitude contrast alone at frequency 0") {
  CtfParameters parameters;
  parameters.amplitude_contrast = 0.07;
  CHECK(Ctf(parameters).value(0, 0) == Approx(0.07));
  CHECK(Ctf(parameters).value(0.01, 0) > 0.07);
  parameters.phase_shift_degrees = 90;
  CHECK(Ctf(parameters).value(0, 0) == Approx(std::cos(std::asin(0.07))));
}

TEST_CASE("ctf: the defocus along a direction is that of U and V") {
  CtfParameters parameters;
  parameters.defocus_u_angstrom = 21000;
  parameters.defocus_v_angstrom = 19000;
  parameters.defocus_angle_degrees = 30;
  const Ctf ctf(parameters);
  const double angle = 30 * pi / 180;
  const double k = 0.1;
  for (const auto& [direction, defocus] : {std::pair{angle, 21000.0},
                                           {angle + pi / 2, 19000.0},
                                           {angle + pi / 4, 20000.0},
                                           {angle + pi, 21000.0}}) {
    CtfParameters round = parameters;
    round.defocus_u_angstrom = round.defocus_v_angstrom = defocus;
    CHECK(ctf.phase(k * std::cos(direction), k * std::sin(direction)) ==
          Approx(Ctf(round).phase(k, 0)).epsilon(1e-12));
  }
}

TEST_CASE("ctf: what lies higher is less underfocused") {
  CtfParameters low;
  low.defocus_u_angstrom = low.defocus_v_angstrom = 15000;
  CtfParameters high = low;
  high.defocus_u_angstrom = high.defocus_v_angstrom = 14800;
  CHECK(Ctf(low).value(0.2, 0.1, 200) == Approx(Ctf(high).value(0.2, 0.1)));
}

TEST_CASE("ctf: the envelope is the product of its closed forms") {
  CtfParameters parameters;
  parameters.defocus_u_angstrom = parameters.defocus_v_angstrom = 10000;
  parameters.focal_spread_angstrom = 80;
  parameters.illumination_half_angle_mrad = 0;
  const double lambda = electron_wavelength_angstrom(300);
  const double k = 1 / 2.5;
  const double temporal = std::exp(-0.5 * std::pow(pi * lambda * 80 * k * k, 2));
  CHECK(Ctf(parameters).envelope(k) == Approx(temporal));
  parameters.b_factor_angstrom2 = 50;
  CHECK(Ctf(parameters).envelope(k) == Approx(temporal * std::exp(-50 * k * k / 4)));
  parameters.illumination_half_angle_mrad = 0.05;
  const double slope = 2.7e7 * lambda * lambda * k * k * k - 10000 * k;
  CHECK(Ctf(parameters).envelope(k) ==
        Approx(temporal * std::exp(-50 * k * k / 4) * std::exp(-std::pow(pi * 5e-5 * slope, 2))));
  CHECK(Ctf(parameters).envelope(0) == 1);
}

TEST_CASE("ctf: values of no microscope are refused by name") {
  CtfParameters parameters;
  parameters.voltage_kv = 0;
  CHECK_THROWS_WITH(Ctf(parameters), ContainsSubstring("voltage of 0 kV"));
  parameters = {};
  parameters.amplitude_contrast = 1;
  CHECK_THROWS_WITH(Ctf(parameters), ContainsSubstring("amplitude contrast of 1"));
  parameters = {};
  parameters.defocus_u_angstrom = std::nan("");
  CHECK_THROWS_AS(Ctf(parameters), Error);
}
