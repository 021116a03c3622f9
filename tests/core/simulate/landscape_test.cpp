#include "core/simulate/landscape.h"

#include "core/simulate/electron.h"
#include "tests/support/catch.h"

#include <algorithm>
#include <cmath>

using namespace limpid;

namespace {

const FieldGrid field{220, 220, 10, 10, 10, 200, 200};

Landscape make(const SpecimenSettings& specimen, const Illumination& illumination = {}) {
  RandomSequence random(2, 2);
  return make_landscape(plan_landscape(specimen, illumination, field, 300, random));
}

}  // namespace

TEST_CASE("landscape: even ice lets through what its mean free path says") {
  SpecimenSettings specimen;
  specimen.ice.thickness_angstrom = 395;
  const Landscape landscape = make(specimen);
  CHECK(landscape.transmission.at(0, 0) == Approx(std::exp(-0.1)));
  CHECK(landscape.transmission.at(110, 110) == Approx(std::exp(-0.1)));
  CHECK(landscape.phase.empty());
  CHECK(landscape.film.empty());
}

TEST_CASE("landscape: illumination and thickness change from side to side") {
  SpecimenSettings specimen;
  specimen.ice.thickness_angstrom = 395;
  specimen.ice.gradient_y = 0.5;
  const Landscape landscape = make(specimen, {0.2, 0, 0});
  CHECK(landscape.transmission.at(210, 110) == Approx(1.1 * std::exp(-0.1)));
  CHECK(landscape.transmission.at(10, 110) == Approx(0.9 * std::exp(-0.1)));
  CHECK(landscape.transmission.at(110, 210) == Approx(std::exp(-0.125)));
}

TEST_CASE("landscape: carbon lies beyond its edge, darker and with its inner potential") {
  SpecimenSettings specimen;
  specimen.carbon.thickness_angstrom = 180;
  specimen.carbon.hole_radius_angstrom = 6000;
  specimen.carbon.distance_angstrom = 400;
  specimen.carbon.direction_degrees = 0;
  const Landscape landscape = make(specimen);
  const float open = landscape.transmission.at(20, 110);
  CHECK(landscape.film.at(20, 110) == 0);
  CHECK(landscape.film.at(205, 110) == 1);
  CHECK(landscape.transmission.at(205, 110) == Approx(open * std::exp(-0.1)));
  CHECK(landscape.phase.at(205, 110) == Approx(interaction_constant(300) * 9.1 * 180));
  // The edge crosses the row 400 A right of the middle, pixel 110 + 40, give or take its rags.
  std::int64_t edge = 0;
  while (landscape.film.at(edge, 110) < 0.5f)
    ++edge;
  CHECK(edge == Approx(150).margin(8));
}

TEST_CASE("landscape: dirt absorbs and shifts the phase where it is") {
  SpecimenSettings specimen;
  specimen.contamination.frost_count = 2;
  specimen.contamination.droplet_count = 1;
  specimen.contamination.smallest_radius_angstrom = 150;
  specimen.contamination.largest_radius_angstrom = 250;
  const Landscape landscape = make(specimen);
  const auto [darkest, brightest] = std::minmax_element(landscape.transmission.pixels().begin(),
                                                        landscape.transmission.pixels().end());
  CHECK(*darkest < 0.95f * *brightest);
  CHECK(*darkest > 0);
  for (std::int64_t i = 0; i < landscape.phase.pixel_count(); ++i) {
    const auto p = static_cast<std::size_t>(i);
    if (landscape.phase.pixels()[p] == 0)
      REQUIRE(landscape.transmission.pixels()[p] == *brightest);
    if (landscape.phase.pixels()[p] > 0.01f)
      REQUIRE(landscape.transmission.pixels()[p] < *brightest);
  }
}

TEST_CASE("landscape: undulations of the ice have their rms") {
  SpecimenSettings specimen;
  specimen.ice.thickness_angstrom = 395;
  specimen.ice.undulation = 0.1;
  specimen.ice.undulation_wavelength_angstrom = 100;
  const Landscape landscape = make(specimen);
  double sum = 0;
  double square_sum = 0;
  for (float value : landscape.transmission.pixels()) {
    const double relative = -std::log(static_cast<double>(value)) / 0.1 - 1;
    sum += relative;
    square_sum += relative * relative;
  }
  const auto count = static_cast<double>(landscape.transmission.pixel_count());
  CHECK(std::abs(sum / count) < 0.01);
  CHECK(std::sqrt(square_sum / count) == Approx(0.1).epsilon(0.1));
}

TEST_CASE("landscape: one pixel after the other gives what whole rows give") {
  SpecimenSettings specimen;
  specimen.ice.gradient_x = 0.2;
  specimen.ice.meniscus = 0.3;
  specimen.ice.undulation = 0.1;
  specimen.carbon.thickness_angstrom = 180;
  specimen.carbon.distance_angstrom = 200;
  specimen.contamination.frost_count = 2;
  specimen.contamination.droplet_count = 1;
  RandomSequence random(2, 3);
  const LandscapePlan plan = plan_landscape(specimen, {0.1, -0.05, -0.05}, field, 300, random);
  const Landscape expected = make_landscape(plan);
  Image transmission(field.width, field.height);
  Image phase(field.width, field.height);
  Image film(field.width, field.height);
  const FormLandscape form{plan.shape,
                           plan.lumps.data(),
                           static_cast<std::uint32_t>(plan.lumps.size()),
                           plan.wave_columns.data(),
                           plan.wave_rows.data(),
                           transmission.pixels().data(),
                           phase.pixels().data(),
                           film.pixels().data()};
  for (std::uint32_t i = 0; i < field.width * field.height; ++i)
    form(i);
  CHECK(std::equal(film.pixels().begin(), film.pixels().end(), expected.film.pixels().begin()));
  CHECK(std::equal(phase.pixels().begin(), phase.pixels().end(), expected.phase.pixels().begin()));
  for (std::size_t i = 0; i < transmission.pixels().size(); ++i)
    REQUIRE(transmission.pixels()[i] == Approx(expected.transmission.pixels()[i]).epsilon(1e-6));
}
