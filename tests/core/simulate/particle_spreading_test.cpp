#include "core/simulate/particle_spreading.h"

#include "core/simulate/projection.h"
#include "tests/core/simulate/statistics.h"
#include "tests/support/catch.h"

#include <cmath>
#include <numbers>

using namespace limpid;

TEST_CASE("particle spreading: slabs share out the particle by height") {
  Structure structure;
  structure.add({0, 0, -90}, AtomKind::carbon);
  structure.add({0, 0, 90}, AtomKind::carbon);
  Placement particle;
  particle.angles = {};
  particle.position_angstrom = {16, 16, 0};
  const ScatteringBasis basis = make_scattering_basis({&structure, 1}, 1);
  const auto slabs = spread_particles({32, 32, 1}, {&structure, 1}, {&particle, 1}, basis, 100);
  REQUIRE(slabs.size() == 2);
  CHECK(slabs[0].height_angstrom == -100);
  CHECK(slabs[1].height_angstrom == 100);
  CHECK(mean_of(slabs[0].spread[0]) == Approx(mean_of(slabs[1].spread[0])).epsilon(1e-5));
}

TEST_CASE("particle spreading: the kernel's transform is that of its samples") {
  // A scatterer on a pixel spreads over samples of the kernel, whose transform is the periodic sum
  // of the kernel's transform: K(f) + K(1 - f) + ...
  Structure structure;
  structure.add({0, 0, 0}, AtomKind::carbon);
  Placement particle;
  // Half a step of the weights' table beside the pixel.
  particle.position_angstrom = {16 + 0.5f / 1024, 16 + 0.5f / 1024, 0};
  const ScatteringBasis basis = make_scattering_basis({&structure, 1}, 1);
  const auto slabs = spread_particles({32, 32, 1}, {&structure, 1}, {&particle, 1}, basis, 100);
  const Spectrum spectrum = fourier_transform(slabs[0].spread[0]);
  const double weight = basis.weight(AtomKind::carbon, 0);
  for (const int x : {0, 3, 8, 11}) {
    const double expected =
        weight * spreading_kernel_transform(x / 32.0) * spreading_kernel_transform(0);
    CHECK(std::abs(spectrum.at(x, 0)) == Approx(std::abs(expected)).epsilon(2e-3));
  }
  // The interpolated table agrees, and nothing comes near 0 up to the Nyquist frequency.
  const auto table = spreading_kernel_transforms(30);
  REQUIRE(table.size() == 30);
  CHECK(table[7] == Approx(spreading_kernel_transform(7 / 30.0)).epsilon(1e-5));
  CHECK(table[29] == Approx(table[1]));
  CHECK(table[15] > 0.004 * table[0]);
}
