#include "core/simulate/image_formation.h"

#include "core/simulate/electron.h"
#include "core/simulate/ice.h"
#include "core/simulate/projection.h"
#include "core/simulate/radiation_damage.h"
#include "tests/core/simulate/statistics.h"
#include "tests/support/catch.h"

#include <cmath>
#include <numbers>

using namespace limpid;
using std::numbers::pi;

namespace {

// A formation with its own copies of what it refers to.
struct Bench {
  SimulationSettings settings;
  FieldGrid field{128, 128, 1.2, 0, 0, 128, 128};
  FrameMotion motion;
  Detector detector;
  ImageFormation formation;

  explicit Bench(const SimulationSettings& given)
      : settings(given),
        motion(still(given.frame_count)),
        detector(given.detector, 128, 128),
        formation(settings, field, motion, detector) {}

  static FrameMotion still(int frames) {
    const auto count = static_cast<std::size_t>(frames);
    return {std::vector<double>(count), std::vector<double>(count), std::vector<double>(count)};
  }
};

SimulationSettings plain_settings() {
  SimulationSettings settings;
  settings.pixel_size_angstrom = 1.2;
  settings.specimen.ice.roughness.rms_angstrom = 0;
  settings.detector.mtf = Mtf();
  settings.ctf.focal_spread_angstrom = 0;
  settings.ctf.illumination_half_angle_mrad = 0;
  return settings;
}

Structure cluster() {
  RandomSequence random(2, 2);
  Structure structure;
  for (int i = 0; i < 200; ++i)
    structure.add(
        (15 * random.uniform() * Eigen::Vector3d(random.normal(), random.normal(), random.normal()))
            .cast<float>(),
        AtomKind::carbon);
  return structure;
}

}  // namespace

TEST_CASE("image formation: contrast is -2 phase sin(gamma) / cos(alpha) at each height") {
  SimulationSettings settings = plain_settings();
  settings.ctf.amplitude_contrast = 0.1;
  settings.ctf.defocus_u_angstrom = 14000;
  settings.ctf.defocus_v_angstrom = 13000;
  settings.ctf.defocus_angle_degrees = 25;
  const Bench bench(settings);
  Structure structure;
  for (int i = 0; i < 20; ++i)
    structure.add({static_cast<float>(i), static_cast<float>(i % 3), 0}, AtomKind::carbon);
  Placement particle;
  particle.position_angstrom = {70, 80, 406};
  const Spectrum contrast = bench.formation.particle_contrast({&structure, 1}, {&particle, 1});
  const Spectrum phase =
      fourier_transform(project_phase(bench.field, {&structure, 1}, {&particle, 1}, 300));
  // Slabs are 0.25 * 16 / 0.0197 = 203 A thick, so 406 A is the middle of one.
  const Ctf ctf(settings.ctf);
  for (const auto& [x, y] : {std::pair{3, 5}, {10, 120}, {30, 0}, {0, 40}, {25, 25}}) {
    const double kx = phase.frequency_x(x) / 1.2;
    const double ky = phase.frequency_y(y) / 1.2;
    const double factor = -2 * std::sin(ctf.phase(kx, ky, 406.0)) / std::cos(ctf.alpha());
    const auto expected = static_cast<float>(factor) * phase.at(x, y);
    CHECK(std::abs(contrast.at(x, y) - expected) < 0.02f * std::abs(phase.at(x, y)));
  }
}

TEST_CASE("image formation: damage weakens the truth as the mean over the frames") {
  SimulationSettings settings = plain_settings();
  settings.exposure_e_per_a2 = 60;
  settings.frame_count = 12;
  settings.has_ice_noise = false;
  const Bench bench(settings);
  const Structure structure = cluster();
  Placement particle;
  particle.position_angstrom = {77, 77, 0};
  const Spectrum undamaged = bench.formation.particle_contrast({&structure, 1}, {&particle, 1});
  const HalfContrasts halves = bench.formation.form_halves(undamaged, Spectrum(), 1, 1);
  for (const int x : {2, 10, 25, 50}) {
    const double k = undamaged.frequency_x(x) / 1.2;
    // The mean of exp(-N / 2 Ne) from 0 to 60 e/A^2.
    const double decay = 60 / (2 * critical_exposure(k, 300));
    const double expected = (1 - std::exp(-decay)) / decay;
    const double found = std::abs(halves.truth.at(x, 0)) / std::abs(undamaged.at(x, 0));
    CHECK(found == Approx(expected).epsilon(0.005));
    // Frames of the odd half come later.
    CHECK(std::abs(halves.odd.at(x, 0)) < std::abs(halves.even.at(x, 0)));
  }
}

TEST_CASE("image formation: with more exposure high frequencies fade before low ones") {
  const Bench bench(plain_settings());
  CHECK(bench.formation.frame_survival(1 / 20.0, 20) >
        2 * bench.formation.frame_survival(1 / 3.0, 20));
  CHECK(bench.formation.frame_survival(1 / 3.0, 0) > bench.formation.frame_survival(1 / 3.0, 1));
}

TEST_CASE("image formation: power through the ice is the mean over its heights") {
  SimulationSettings settings = plain_settings();
  settings.specimen.ice.thickness_angstrom = 700;
  settings.ctf.amplitude_contrast = 0.08;
  const Bench bench(settings);
  const Ctf ctf(settings.ctf);
  for (const double k : {0.05, 0.15, 0.3, 0.4}) {
    double sum = 0;
    constexpr int steps = 4000;
    for (int i = 0; i < steps; ++i) {
      const double height = 700 * ((i + 0.5) / steps - 0.5);
      sum += 4 * std::pow(ctf.value(k, 0, height) / std::cos(ctf.alpha()), 2) / steps;
    }
    CHECK(bench.formation.depth_averaged_power(k, 0) == Approx(sum).epsilon(1e-4));
  }
}

TEST_CASE("image formation: ice noise has its power, Thon rings and covariance") {
  SimulationSettings settings = plain_settings();
  settings.exposure_e_per_a2 = 40;
  settings.frame_count = 10;
  settings.ctf.defocus_u_angstrom = settings.ctf.defocus_v_angstrom = 12000;
  const Bench bench(settings);
  const Spectrum nothing(128, 128);
  constexpr int images = 40;
  for (const double frequency : {0.05, 0.1, 0.2, 0.32}) {
    CAPTURE(frequency);
    RingSums found;
    double expected_even = 0;
    double expected_cross = 0;
    double modes = 0;
    for (std::uint64_t index = 0; index < images; ++index) {
      const HalfContrasts halves = bench.formation.form_halves(nothing, Spectrum(), 5, index);
      const RingSums ring = ring_of(halves.even, halves.odd, frequency - 0.01, frequency + 0.01);
      found.power_a += ring.power_a / images;
      found.cross += ring.cross / images;
      modes += ring.count;
    }
    double count = 0;
    for (std::int64_t y = 0; y < 128; ++y)
      for (std::int64_t x = 0; x < 65; ++x) {
        const double fx = nothing.frequency_x(x);
        const double fy = nothing.frequency_y(y);
        const double f = std::hypot(fx, fy);
        if (f < frequency - 0.01 || f >= frequency + 0.01)
          continue;
        // Columns that are their own mirror are counted twice as strong in the half spectrum.
        const double mirror = x == 0 || x == 64 ? 2 : 1;
        const HalfCovariance covariance = half_covariance(ice_decay_rate(f / 1.2, 300), 4, 10);
        const double power = mirror * ice_phase_power(f / 1.2, 400, 300) / 1.44 *
                             bench.formation.depth_averaged_power(fx / 1.2, fy / 1.2);
        expected_even += power * covariance.even;
        expected_cross += power * covariance.cross;
        count += 1;
      }
    const double tolerance = 5 / std::sqrt(modes);
    CHECK(found.power_a == Approx(expected_even / count).epsilon(tolerance));
    CHECK(found.cross == Approx(expected_cross / count).margin(tolerance * expected_even / count));
  }
}

TEST_CASE("image formation: carbon grain shows rings at the maxima of the CTF") {
  SimulationSettings settings = plain_settings();
  settings.specimen.carbon.thickness_angstrom = 200;
  settings.ctf.amplitude_contrast = 0;
  settings.ctf.spherical_aberration_mm = 0;
  settings.ctf.defocus_u_angstrom = settings.ctf.defocus_v_angstrom = 15000;
  const Bench bench(settings);
  const double lambda = electron_wavelength_angstrom(300);
  const auto frequency_of = [&](double turns) { return 1.2 * std::sqrt(turns / (lambda * 15000)); };
  double at_zero = 0;
  double at_maximum = 0;
  for (std::uint64_t index = 0; index < 10; ++index) {
    const Image grain = bench.formation.film_grain(1, index);
    at_zero += ring_power(grain, frequency_of(1) - 0.004, frequency_of(1) + 0.004);
    at_maximum += ring_power(grain, frequency_of(1.5) - 0.004, frequency_of(1.5) + 0.004);
  }
  CHECK(at_maximum > 10 * at_zero);
  const double k = frequency_of(1.5) / 1.2;
  CHECK(at_maximum / 10 == Approx(4 * carbon_phase_power(k, 200, 300) / 1.44).epsilon(0.15));
}

TEST_CASE("image formation: what both halves keep is the sum over their frames") {
  SimulationSettings settings = plain_settings();
  settings.frame_count = 7;
  for (const bool has_damage : {false, true}) {
    settings.has_radiation_damage = has_damage;
    Bench bench(settings);
    bench.motion.travel_angstrom = {3, 2, 1, 0.5, 0.4, 0.3, 0.3};
    for (const double k : {0.0, 0.05, 0.3}) {
      double sums[2] = {};
      for (int frame = 0; frame < settings.frame_count; ++frame)
        sums[frame % 2] += bench.formation.frame_survival(k, frame);
      const auto found = bench.formation.survival_sums(k);
      CHECK(found[0] == Approx(sums[0]));
      CHECK(found[1] == Approx(sums[1]));
    }
  }
}
