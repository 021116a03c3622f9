#include "core/simulate/electron.h"

#include "tests/support/catch.h"

using namespace limpid;

// Kirkland 2010, "Advanced computing in electron microscopy", table 2.1 and appendix: wavelengths
// and interaction constants, rounded to the last digit given.
TEST_CASE("electron: wavelengths are the tabulated ones") {
  CHECK(electron_wavelength_angstrom(100) == Approx(0.037014).epsilon(2e-5));
  CHECK(electron_wavelength_angstrom(200) == Approx(0.025079).epsilon(2e-5));
  CHECK(electron_wavelength_angstrom(300) == Approx(0.019687).epsilon(3e-5));
}

TEST_CASE("electron: interaction constants are the tabulated ones") {
  CHECK(interaction_constant(100) == Approx(0.9244e-3).epsilon(1e-4));
  CHECK(interaction_constant(200) == Approx(0.7288e-3).epsilon(1e-4));
  CHECK(interaction_constant(300) == Approx(0.6526e-3).epsilon(1e-4));
}

TEST_CASE("electron: speeds are 0.695 c at 200 kV and 0.776 c at 300 kV") {
  CHECK(squared_speed_ratio(200) == Approx(0.6953 * 0.6953).epsilon(1e-3));
  CHECK(squared_speed_ratio(300) == Approx(0.7765 * 0.7765).epsilon(1e-3));
}
