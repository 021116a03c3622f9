#include "core/simulate/micrograph_simulator.h"

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/simulate/ctf.h"
#include "core/simulate/ice.h"
#include "core/simulate/procedural_structure.h"
#include "tests/core/simulate/statistics.h"
#include "tests/support/catch.h"

#include <algorithm>
#include <cmath>

using namespace limpid;

namespace {

// A hollow shell of the mass and size of apoferritin.
const Structure& shell() {
  static const Structure structure = [] {
    RandomSequence random(1, 5);
    MacromoleculeRecipe recipe;
    recipe.architecture = Architecture::cage;
    recipe.mass_kda = 480;
    recipe.symmetry_order = 24;
    return build_macromolecule(recipe, random);
  }();
  return structure;
}

SimulationSettings small_settings() {
  SimulationSettings settings;
  settings.width = settings.height = 320;
  settings.pixel_size_angstrom = 1.5;
  settings.specimen.coverage = 0.3;
  settings.ctf.b_factor_angstrom2 = 60;
  return settings;
}

Image micrograph_of(const SimulatedMicrograph& simulated) {
  return sum(simulated.even, simulated.odd);
}

bool is_equal(const Image& a, const Image& b) {
  return std::equal(a.pixels().begin(), a.pixels().end(), b.pixels().begin(), b.pixels().end());
}

}  // namespace

TEST_CASE("simulator: mean counts are exposure times pixel area less the losses") {
  SimulationSettings settings = small_settings();
  settings.specimen.coverage = 0;
  settings.specimen.ice.thickness_angstrom = 500;
  settings.exposure_e_per_a2 = 40;
  settings.detector.detected_fraction = 0.9;
  const SimulatedMicrograph simulated = simulate_micrograph(settings, {}, 1, 1);
  const double expected = 40 * 1.5 * 1.5 * 0.9 * std::exp(-500 / 3950.0);
  CHECK(mean_of(simulated.truth) == Approx(expected).epsilon(1e-4));
  const Image micrograph = micrograph_of(simulated);
  CHECK(mean_of(micrograph) ==
        Approx(expected).margin(5 * std::sqrt(expected / static_cast<double>(320 * 320))));
}

TEST_CASE("simulator: without ice structure and particles variance equals mean") {
  SimulationSettings settings = small_settings();
  settings.specimen.coverage = 0;
  settings.has_ice_noise = false;
  const SimulatedMicrograph simulated = simulate_micrograph(settings, {}, 1, 2);
  const Image micrograph = micrograph_of(simulated);
  CHECK(variance_of(micrograph) / mean_of(micrograph) ==
        Approx(1).margin(5 * std::sqrt(2.0 / (320 * 320))));
  CHECK(simulated.signal_sigma == 0);
  CHECK(simulated.noise_sigma == Approx(std::sqrt(mean_of(micrograph))).epsilon(0.02));
}

TEST_CASE("simulator: without particles the truth is smooth") {
  SimulationSettings settings = small_settings();
  settings.specimen.coverage = 0;
  settings.specimen.ice.gradient_x = 0.3;
  settings.illumination.gradient_y = 0.1;
  const SimulatedMicrograph simulated = simulate_micrograph(settings, {&shell(), 1}, 1, 3);
  const double mean = mean_of(simulated.truth);
  double largest_step = 0;
  for (std::int64_t y = 0; y < 320; ++y)
    for (std::int64_t x = 1; x < 320; ++x)
      largest_step = std::max<double>(
          largest_step, std::abs(simulated.truth.at(x, y) - simulated.truth.at(x - 1, y)));
  // The gradients change the level by 4 % over 320 pixels.
  CHECK(largest_step < 3e-4 * mean);
  CHECK(simulated.particles.empty());
}

TEST_CASE("simulator: halves have the same expectation and independent noise") {
  SimulationSettings settings = small_settings();
  settings.has_ice_noise = false;
  settings.has_radiation_damage = false;
  const SimulatedMicrograph simulated = simulate_micrograph(settings, {&shell(), 1}, 1, 4);
  Image half_truth = simulated.truth;
  for (float& value : half_truth.pixels())
    value *= 0.5f;
  const Image even = difference_of(simulated.even, half_truth);
  const Image odd = difference_of(simulated.odd, half_truth);
  const double sigma = std::sqrt(variance_of(even));
  const double pixels = 320.0 * 320.0;
  CHECK(std::abs(mean_of(even)) < 5 * sigma / std::sqrt(pixels));
  CHECK(std::abs(mean_of(odd)) < 5 * sigma / std::sqrt(pixels));
  CHECK(std::abs(covariance_of(even, odd)) < 5 * sigma * sigma / std::sqrt(pixels));
  // And nothing of the truth is left in them.
  const double truth_sigma = std::sqrt(variance_of(half_truth));
  CHECK(std::abs(covariance_of(even, half_truth)) < 5 * sigma * truth_sigma / std::sqrt(pixels));
}

TEST_CASE("simulator: halves share signal at low frequencies, nothing beyond it") {
  SimulationSettings settings = small_settings();
  settings.pixel_size_angstrom = 1;
  const SimulatedMicrograph simulated = simulate_micrograph(settings, {&shell(), 1}, 1, 5);
  const Spectrum even = fourier_transform(simulated.even);
  const Spectrum odd = fourier_transform(simulated.odd);
  CHECK(ring_of(even, odd, 1 / 60.0, 1 / 25.0).correlation() > 0.3);
  // Beyond 2.8 A envelope and motion of the ice leave nothing in common.
  const RingSums beyond = ring_of(even, odd, 0.36, 0.5);
  CHECK(std::abs(beyond.correlation()) < 5 / std::sqrt(2 * beyond.count));
}

TEST_CASE("simulator: the average of many images of a kind tends to their truth") {
  // Regression of micrograph - truth on truth: slope 0 for every detector, ice or not.
  for (const auto name : {"k3", "falcon3-integrating"}) {
    SimulationSettings settings = small_settings();
    settings.width = settings.height = 200;
    settings.detector = detector_preset(name);
    settings.detector.adu_per_electron = 12;
    settings.frame_count = 11;
    double residual_mean = 0, slope = 0, weight = 0, noise = 0;
    constexpr int images = 16;
    for (std::uint64_t index = 0; index < images; ++index) {
      const SimulatedMicrograph simulated = simulate_micrograph(settings, {&shell(), 1}, 2, index);
      const Image residual = difference_of(micrograph_of(simulated), simulated.truth);
      residual_mean += mean_of(residual) / images;
      slope += covariance_of(residual, simulated.truth);
      weight += variance_of(simulated.truth);
      noise += variance_of(residual) / images;
    }
    CAPTURE(name);
    const double pixels = images * 200.0 * 200.0;
    // The mean of correlated noise is that of white noise of its power at frequency 0.
    CHECK(std::abs(residual_mean) < 6 * std::sqrt(2 * noise / pixels));
    CHECK(std::abs(slope / weight) < 0.03);
  }
}

TEST_CASE("simulator: ice alone shows Thon rings where the CTF has its maxima") {
  SimulationSettings settings = small_settings();
  settings.width = settings.height = 512;
  settings.pixel_size_angstrom = 1;
  settings.specimen.coverage = 0;
  settings.specimen.ice.thickness_angstrom = 400;
  settings.specimen.ice.roughness.rms_angstrom = 0;
  settings.ctf.amplitude_contrast = 0;
  settings.ctf.spherical_aberration_mm = 0;
  settings.ctf.b_factor_angstrom2 = 20;
  settings.ctf.defocus_u_angstrom = settings.ctf.defocus_v_angstrom = 10000;
  const double lambda = Ctf(settings.ctf).wavelength_angstrom();
  const auto frequency_of = [&](double turns) { return std::sqrt(turns / (lambda * 10000)); };
  double peaks = 0;
  double zeros = 0;
  for (std::uint64_t index = 0; index < 3; ++index) {
    const Image image = micrograph_of(simulate_micrograph(settings, {}, 3, index));
    for (const double order : {1.0, 2.0}) {
      zeros += ring_power(image, frequency_of(order) - 0.003, frequency_of(order) + 0.003);
      peaks +=
          ring_power(image, frequency_of(order + 0.5) - 0.003, frequency_of(order + 0.5) + 0.003);
    }
  }
  // 400 A of ice add a tenth to a third to the shot noise at 10 to 20 A.
  CHECK(peaks / zeros > 1.06);
  CHECK(peaks / zeros < 1.6);
  const double mean = 42 * std::exp(-400 / 3950.0) * settings.detector.detected_fraction;
  CHECK(zeros / 6 == Approx(mean).epsilon(0.06));
}

TEST_CASE("simulator: particles are recorded where they are dark") {
  SimulationSettings settings = small_settings();
  settings.specimen.coverage = 0.1;
  settings.ctf.defocus_u_angstrom = settings.ctf.defocus_v_angstrom = 25000;
  const SimulatedMicrograph simulated = simulate_micrograph(settings, {&shell(), 1}, 4, 1);
  REQUIRE(simulated.particles.size() >= 3);
  const double mean = mean_of(simulated.truth);
  for (const ParticleRecord& particle : simulated.particles) {
    double sum_inside = 0;
    int count = 0;
    for (std::int64_t y = 0; y < 320; ++y)
      for (std::int64_t x = 0; x < 320; ++x)
        if (std::hypot(static_cast<double>(x) - particle.x_px,
                       static_cast<double>(y) - particle.y_px) < 30) {
          sum_inside += simulated.truth.at(x, y);
          ++count;
        }
    REQUIRE(count > 100);
    CHECK(sum_inside / count < mean);
    CHECK(std::abs(particle.height_angstrom) < 200);
  }
}

TEST_CASE("simulator: signal to noise is that of cryo-EM") {
  // Apoferritin-like shells crowded at 1.06 A and 42 e/A^2. Single-particle images have 0.01 to
  // 0.1 (Baxter et al. 2009, J. Struct. Biol. 166:126, at lower magnification); independent
  // simulations of apoferritin at these settings give 0.028 to 0.05.
  SimulationSettings settings = small_settings();
  settings.width = settings.height = 512;
  settings.pixel_size_angstrom = 1.06;
  settings.specimen.coverage = 0.5;
  settings.specimen.ice.thickness_angstrom = 300;
  const SimulatedMicrograph simulated = simulate_micrograph(settings, {&shell(), 1}, 5, 1);
  CHECK(simulated.snr_per_px() > 0.01);
  CHECK(simulated.snr_per_px() < 0.1);
}

TEST_CASE("simulator: a micrograph depends on seed and index, not on threads") {
  SimulationSettings settings = small_settings();
  settings.width = 200;
  settings.height = 160;
  settings.specimen.carbon.thickness_angstrom = 100;
  settings.specimen.contamination.frost_count = 1;
  set_thread_count(1);
  const SimulatedMicrograph one = simulate_micrograph(settings, {&shell(), 1}, 6, 9);
  set_thread_count(4);
  const SimulatedMicrograph four = simulate_micrograph(settings, {&shell(), 1}, 6, 9);
  const SimulatedMicrograph other = simulate_micrograph(settings, {&shell(), 1}, 6, 10);
  const SimulatedMicrograph other_seed = simulate_micrograph(settings, {&shell(), 1}, 7, 9);
  set_thread_count(0);
  CHECK(is_equal(one.even, four.even));
  CHECK(is_equal(one.odd, four.odd));
  CHECK(is_equal(one.truth, four.truth));
  CHECK_FALSE(is_equal(one.even, other.even));
  CHECK_FALSE(is_equal(one.even, other_seed.even));
}

TEST_CASE("simulator: odd, prime and oblong sizes work") {
  SimulationSettings settings = small_settings();
  settings.width = 131;
  settings.height = 67;
  const SimulatedMicrograph simulated = simulate_micrograph(settings, {&shell(), 1}, 8, 1);
  CHECK(simulated.even.width() == 131);
  CHECK(simulated.truth.height() == 67);
  CHECK(mean_of(micrograph_of(simulated)) == Approx(mean_of(simulated.truth)).epsilon(0.02));
}

TEST_CASE("simulator: settings without meaning are refused by name") {
  SimulationSettings settings;
  settings.pixel_size_angstrom = 0;
  CHECK_THROWS_WITH(simulate_micrograph(settings, {}, 1, 1),
                    ContainsSubstring("the pixel size is 0"));
  settings = {};
  settings.frame_count = 1;
  CHECK_THROWS_WITH(simulate_micrograph(settings, {}, 1, 1),
                    ContainsSubstring("the number of frames is 1"));
  CHECK_THROWS_AS(simulate_micrograph({}, {}, 1, std::uint64_t{1} << 24), Error);
  settings = {};
  settings.exposure_e_per_a2 = std::nan("");
  CHECK_THROWS_AS(simulate_micrograph(settings, {}, 1, 1), Error);
}
