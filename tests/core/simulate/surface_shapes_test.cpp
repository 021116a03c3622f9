#include "core/simulate/surface_shapes.h"

#include "core/simulate/specimen.h"
#include "tests/support/catch.h"

#include <cmath>

using namespace limpid;

TEST_CASE("surface shapes: film lies beyond the rim of its hole, in the direction asked for") {
  RandomSequence random(1, 1);
  CarbonEdge edge;
  edge.thickness_angstrom = 100;
  edge.hole_radius_angstrom = 5000;
  edge.distance_angstrom = 300;
  edge.direction_degrees = 90;
  const FilmShape film(edge, 1000, 1000, random);
  CHECK(film(1000, 1000) == 0);
  CHECK(film(1000, 1000 + 450) == 1);
  CHECK(film(1000, 1000 - 450) == 0);
  // Across, the rim of a hole of 5000 A has bent by 300 A after 1.7 thousand.
  CHECK(film(1000 + 3000, 1000) == 1);
  CHECK(film(1000 + 1000, 1000) == 0);
}

TEST_CASE("surface shapes: lumps are thick inside, thin out at the rim and end") {
  for (const bool is_frost : {false, true})
    for (std::uint64_t i = 0; i < 20; ++i) {
      RandomSequence random(2, i);
      const Lump lump(is_frost, 500, 400, 200, random);
      CHECK(lump.thickness(500, 400) > 30);
      CHECK(lump.thickness(500, 400) < 400);
      for (double angle = 0; angle < 6.3; angle += 0.3) {
        const double x = 500 + 1.01 * lump.reach() * std::cos(angle);
        const double y = 400 + 1.01 * lump.reach() * std::sin(angle);
        CHECK(lump.thickness(x, y) == 0);
        // No jump anywhere on the way: the steepest side rises over 25 A.
        double previous = lump.thickness(500, 400);
        for (double r = 0; r < lump.reach(); r += 2) {
          const double here = lump.thickness(500 + r * std::cos(angle), 400 + r * std::sin(angle));
          REQUIRE(std::abs(here - previous) < 50);
          previous = here;
        }
      }
    }
}

TEST_CASE("surface shapes: the edge of film rises without a jump") {
  for (std::uint64_t i = 0; i < 20; ++i) {
    RandomSequence random(3, i);
    CarbonEdge edge;
    edge.hole_radius_angstrom = 5000;
    edge.distance_angstrom = 0;
    const FilmShape film(edge, 1000, 1000, random);
    bool has_middle = false;
    for (double y = 0; y < 2000; y += 100) {
      double previous = film(400, y);
      CHECK(previous == 0);
      for (double x = 400; x < 1800; x += 2) {
        const double here = film(x, y);
        // An edge of 25 A rises by 0.06 over 1 A at most.
        REQUIRE(std::abs(here - previous) < 0.25);
        has_middle = has_middle || (here > 0.2 && here < 0.8);
        previous = here;
      }
      CHECK(previous == 1);
    }
    CHECK(has_middle);
  }
}
