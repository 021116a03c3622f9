#include "core/simulate/diversity.h"

#include "tests/core/simulate/statistics.h"
#include "tests/support/catch.h"

#include <cmath>

using namespace limpid;

TEST_CASE("diversity: settings lie in their ranges and use them") {
  const DiversityRange range;
  constexpr int draws = 1000;
  int empty = 0, integrating = 0, carbon = 0, low_voltage = 0, phase_plates = 0;
  double smallest_pixel = 1e9, largest_pixel = 0;
  for (std::uint64_t index = 0; index < draws; ++index) {
    const SimulationSettings settings = draw_settings(1, index, range);
    REQUIRE_NOTHROW(check_settings(settings, 1));
    CHECK(settings.pixel_size_angstrom >= 0.5);
    CHECK(settings.pixel_size_angstrom <= 2.5);
    CHECK(settings.exposure_e_per_a2 >= 5);
    CHECK(settings.exposure_e_per_a2 <= 160);
    CHECK(settings.ctf.defocus_u_angstrom >= settings.ctf.defocus_v_angstrom);
    CHECK(settings.ctf.defocus_v_angstrom > 2000);
    CHECK(settings.ctf.defocus_u_angstrom < 45000);
    smallest_pixel = std::min(smallest_pixel, settings.pixel_size_angstrom);
    largest_pixel = std::max(largest_pixel, settings.pixel_size_angstrom);
    empty += settings.specimen.coverage == 0 ? 1 : 0;
    integrating += settings.detector.kind == DetectorKind::integrating ? 1 : 0;
    carbon += settings.specimen.carbon.thickness_angstrom > 0 ? 1 : 0;
    low_voltage += settings.ctf.voltage_kv == 200 ? 1 : 0;
    if (settings.ctf.phase_shift_degrees > 0) {
      ++phase_plates;
      CHECK(settings.specimen.carbon.thickness_angstrom == 0);
      CHECK(settings.specimen.contamination.frost_count == 0);
    }
  }
  CHECK(smallest_pixel < 0.52);
  CHECK(largest_pixel > 2.4);
  // Five standard deviations of a binomial count.
  const auto is_share = [&](int count, double share) {
    return std::abs(count - draws * share) < 5 * std::sqrt(draws * share * (1 - share));
  };
  CHECK(is_share(empty, range.fraction_without_particles));
  CHECK(is_share(integrating, range.fraction_integrating));
  CHECK(is_share(carbon, range.fraction_with_carbon * (1 - range.fraction_with_phase_plate)));
  CHECK(is_share(phase_plates, range.fraction_with_phase_plate));
  CHECK(is_share(low_voltage, range.fraction_at_200_kv));
}

TEST_CASE("diversity: random micrographs are finite, positive and unbiased") {
  DiversityRange range;
  range.width = range.height = 128;
  range.structures.largest_mass_kda = 800;
  range.structures.filament_fraction = 0.02;
  range.fraction_with_hot_pixels = 0;
  for (std::uint64_t index = 0; index < 24; ++index) {
    CAPTURE(index);
    const SimulatedMicrograph simulated = simulate_random_micrograph(2, index, range);
    const Image micrograph = sum(simulated.even, simulated.odd);
    for (float value : micrograph.pixels())
      REQUIRE(std::isfinite(value));
    for (float value : simulated.truth.pixels())
      REQUIRE((std::isfinite(value) && value >= 0));
    const double mean = mean_of(simulated.truth);
    CHECK(mean > 0);
    // Five standard errors, twice over for ice and gain errors.
    const double error = simulated.noise_sigma / 128;
    CHECK(mean_of(micrograph) == Approx(mean).margin(10 * error + 0.003 * mean));
    CHECK(simulated.noise_sigma > 0);
  }
}

TEST_CASE("diversity: the same number gives the same micrograph, others differ") {
  DiversityRange range;
  range.width = range.height = 96;
  range.structures.largest_mass_kda = 500;
  const SimulatedMicrograph a = simulate_random_micrograph(3, 5, range);
  const SimulatedMicrograph b = simulate_random_micrograph(3, 5, range);
  const SimulatedMicrograph c = simulate_random_micrograph(3, 6, range);
  CHECK(std::equal(a.even.pixels().begin(), a.even.pixels().end(), b.even.pixels().begin()));
  CHECK(a.settings.pixel_size_angstrom == b.settings.pixel_size_angstrom);
  CHECK(a.settings.pixel_size_angstrom != c.settings.pixel_size_angstrom);
}

TEST_CASE("diversity: crowds of large particles are thinned to the limit") {
  DiversityRange range;
  range.width = range.height = 200;
  range.pixel_size_angstrom = {2.4, 2.5};
  range.coverage = {0.7, 0.75};
  range.fraction_without_particles = 0;
  RandomSequence random(1, 1);
  MacromoleculeRecipe recipe;
  recipe.mass_kda = 100;
  const Structure structure = build_macromolecule(recipe, random);
  range.largest_scatterer_count = 5.0 * static_cast<double>(structure.size());
  const SimulatedMicrograph few = simulate_random_micrograph(4, 1, range, {&structure, 1});
  CHECK(few.particles.size() <= 10);
  range.largest_scatterer_count = 1e9;
  const SimulatedMicrograph many = simulate_random_micrograph(4, 1, range, {&structure, 1});
  CHECK(many.particles.size() > 2 * few.particles.size());
}
