#include "core/simulate/structure.h"

#include "tests/support/catch.h"

using namespace limpid;

TEST_CASE("structure: mass, counts and contrast add up over the scatterers") {
  Structure structure;
  structure.add({0, 0, 0}, AtomKind::carbon);
  structure.add({3, 0, 0}, AtomKind::carbon);
  structure.add({0, 3, 0}, AtomKind::phosphorus);
  CHECK(count_kinds(structure)[0] == 2);
  CHECK(mass_dalton(structure) == Approx(2 * (12.011 + 1.25 * 1.008) + 30.974));
  CHECK(integrated_contrast_v_a3(structure) ==
        Approx(volts_per_form_factor * (2 * contrast_form_factor(AtomKind::carbon, 0) +
                                        contrast_form_factor(AtomKind::phosphorus, 0))));
}

TEST_CASE("structure: the centre counts strengths") {
  Structure structure;
  structure.add({0, 0, 0}, AtomKind::density);
  structure.add({4, 0, 0}, AtomKind::density);
  structure.strengths = {3, 1};
  centre(structure);
  CHECK(structure.positions[0].x() == Approx(-1));
  CHECK(structure.positions[1].x() == Approx(3));
}

TEST_CASE("structure: the packing radius leaves out a few far atoms") {
  Structure structure;
  CHECK(packing_radius_angstrom(structure) == 0);
  for (int i = 0; i < 100; ++i)
    structure.add({10, 0, 0}, AtomKind::carbon);
  structure.add({500, 0, 0}, AtomKind::carbon);
  CHECK(packing_radius_angstrom(structure) == Approx(11.7));
}
