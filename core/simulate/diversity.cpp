#include "core/simulate/diversity.h"

#include "core/simulate/random_streams.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace limpid {
namespace {

double draw_log(const Interval& interval, RandomSequence& random) {
  return std::exp(random.uniform(std::log(interval.low), std::log(interval.high)));
}

double draw_even(const Interval& interval, RandomSequence& random) {
  return random.uniform(interval.low, interval.high);
}

bool happens(double probability, RandomSequence& random) {
  return random.uniform() < probability;
}

CtfParameters draw_ctf(const DiversityRange& range, RandomSequence& random) {
  CtfParameters ctf;
  ctf.voltage_kv = happens(range.fraction_at_200_kv, random) ? 200 : 300;
  ctf.spherical_aberration_mm = happens(0.1, random) ? 0.01 : random.uniform(1.2, 2.7);
  ctf.amplitude_contrast = draw_even(range.amplitude_contrast, random);
  const double defocus = draw_log(range.defocus_angstrom, random);
  // Most microscopes are stigmated to a few per cent of the defocus.
  const double astigmatism = std::min(0.2 * defocus, std::abs(random.normal()) * 250);
  ctf.defocus_u_angstrom = defocus + 0.5 * astigmatism;
  ctf.defocus_v_angstrom = defocus - 0.5 * astigmatism;
  ctf.defocus_angle_degrees = random.uniform(0, 180);
  if (happens(range.fraction_with_phase_plate, random))
    ctf.phase_shift_degrees = random.uniform(30, 130);
  ctf.focal_spread_angstrom = random.uniform(30, 90);
  ctf.illumination_half_angle_mrad = random.uniform(0.005, 0.06);
  ctf.b_factor_angstrom2 = draw_even(range.b_factor_angstrom2, random);
  return ctf;
}

DetectorSettings draw_detector(const DiversityRange& range, RandomSequence& random) {
  DetectorSettings detector;
  if (happens(range.fraction_integrating, random)) {
    detector.kind = DetectorKind::integrating;
    const double half = random.uniform(0.35, 0.85);
    detector.mtf = Mtf(half, half * random.uniform(0.3, 0.6));
    detector.detected_fraction = 1;
    detector.noise_blur = random.uniform(0.2, 0.95);
    detector.deposit_relative_variance = random.uniform(0.2, 1.0);
    detector.read_noise_electrons = random.uniform(0, 0.5);
    detector.adu_per_electron = std::exp(random.uniform(0, std::log(100.0)));
  } else {
    const double half = random.uniform(0.72, 0.93);
    detector.mtf = Mtf(half, half * random.uniform(0.5, 0.8));
    detector.detected_fraction = random.uniform(0.75, 0.97);
    // Coincidences and centroiding colour the noise of some a little.
    if (happens(0.4, random))
      detector.noise_blur = random.uniform(0, 0.3);
  }
  if (happens(range.fraction_with_gain_error, random))
    detector.gain_error = random.uniform(0.002, 0.015);
  if (happens(range.fraction_with_hot_pixels, random)) {
    detector.hot_pixels_per_megapixel = std::exp(random.uniform(std::log(2.0), std::log(100.0)));
    detector.hot_pixel_electrons_per_frame = random.uniform(0.5, 10);
  }
  detector.camera_seed = (static_cast<std::uint64_t>(random.bits()) << 32) | random.bits();
  return detector;
}

SpecimenSettings draw_specimen(const DiversityRange& range, RandomSequence& random) {
  SpecimenSettings specimen;
  IceLayer& ice = specimen.ice;
  ice.thickness_angstrom = draw_log(range.ice_thickness_angstrom, random);
  ice.gradient_x = 0.25 * random.normal();
  ice.gradient_y = 0.25 * random.normal();
  ice.meniscus = happens(0.3, random) ? random.uniform(0, 0.5) : 0;
  ice.undulation = happens(0.6, random) ? random.uniform(0, 0.08) : 0;
  ice.undulation_wavelength_angstrom = draw_log({250, 1500}, random);
  ice.roughness.rms_angstrom = draw_even(range.surface_roughness_angstrom, random);
  ice.roughness.correlation_length_angstrom = draw_log({30, 300}, random);
  specimen.coverage =
      happens(0.5, random) ? draw_log(range.coverage, random) : draw_even(range.coverage, random);
  if (happens(range.fraction_without_particles, random))
    specimen.coverage = 0;
  specimen.interface_fraction = random.uniform();
  if (happens(range.fraction_with_preferred_views, random)) {
    specimen.views.concentration = draw_log({1, 30}, random);
    specimen.views.preferred_rot_degrees = random.uniform(-180, 180);
    specimen.views.preferred_tilt_degrees =
        std::acos(random.uniform(-1, 1)) * 180 / std::numbers::pi;
  }
  if (happens(range.fraction_with_carbon, random)) {
    specimen.carbon.thickness_angstrom = random.uniform(80, 350);
    specimen.carbon.hole_radius_angstrom = random.uniform(4000, 12000);
    const double reach = 0.6 * static_cast<double>(std::max(range.width, range.height)) *
                         range.pixel_size_angstrom.high;
    specimen.carbon.distance_angstrom = random.uniform(-0.3, 1) * reach;
    specimen.carbon.direction_degrees = random.uniform(-180, 180);
  }
  if (happens(range.fraction_with_contamination, random)) {
    specimen.contamination.frost_count = static_cast<int>(random.below(3));
    specimen.contamination.droplet_count = static_cast<int>(random.below(4));
  }
  return specimen;
}

// Thins out particles until the scatterers are not more than the range allows.
void limit_scatterers(const DiversityRange& range,
                      std::span<const Structure> structures,
                      SimulationSettings& settings) {
  if (structures.empty())
    return;
  double scatterers_per_area = 0;
  for (const Structure& structure : structures) {
    const double radius = packing_radius_angstrom(structure);
    scatterers_per_area += static_cast<double>(structure.size()) /
                           (std::numbers::pi * radius * radius) /
                           static_cast<double>(structures.size());
  }
  const double area = static_cast<double>(settings.width * settings.height) *
                      settings.pixel_size_angstrom * settings.pixel_size_angstrom;
  const double largest = range.largest_scatterer_count / (scatterers_per_area * area);
  settings.specimen.coverage = std::min(settings.specimen.coverage, largest);
}

}  // namespace

DiversityRange diversity_of_size(std::int64_t width, std::int64_t height) {
  DiversityRange range;
  const double relative_area =
      static_cast<double>(width * height) / static_cast<double>(range.width * range.height);
  range.width = width;
  range.height = height;
  range.largest_scatterer_count *= std::max(1.0, relative_area);
  return range;
}

SimulationSettings draw_settings(std::uint64_t seed,
                                 std::uint64_t index,
                                 const DiversityRange& range) {
  RandomSequence random(seed, random_stream(index, RandomPurpose::settings));
  SimulationSettings settings;
  settings.width = range.width;
  settings.height = range.height;
  settings.pixel_size_angstrom = draw_log(range.pixel_size_angstrom, random);
  settings.exposure_e_per_a2 = draw_log(
      happens(0.75, random) ? range.usual_exposure_e_per_a2 : range.exposure_e_per_a2, random);
  settings.frame_count = 2 * static_cast<int>(4 + random.below(27));
  settings.ctf = draw_ctf(range, random);
  settings.specimen = draw_specimen(range, random);
  // Film and dirt shift the phase by 1 rad and more. Without a phase plate only their edges show;
  // with one all of it would, far beyond what linear image formation can describe.
  if (settings.ctf.phase_shift_degrees > 0) {
    settings.specimen.carbon = {};
    settings.specimen.contamination = {};
  }
  settings.detector = draw_detector(range, random);
  settings.illumination.gradient_x = 0.06 * random.normal();
  settings.illumination.gradient_y = 0.06 * random.normal();
  settings.illumination.curvature = random.uniform(-0.08, 0.02);
  settings.motion.drift_angstrom_per_exposure = random.uniform(0, 0.06);
  settings.motion.burst_angstrom = random.uniform(0, 5);
  settings.motion.burst_exposure = random.uniform(1, 8);
  return settings;
}

std::vector<Structure> draw_structures(std::uint64_t seed,
                                       std::uint64_t index,
                                       const DiversityRange& range) {
  RandomSequence random(seed, random_stream(index, RandomPurpose::structures));
  const double u = random.uniform();
  const int count = u < 0.65 ? 1 : (u < 0.9 ? 2 : 3);
  std::vector<Structure> structures;
  for (int i = 0; i < count; ++i) {
    const MacromoleculeRecipe recipe = draw_recipe(range.structures, random);
    structures.push_back(build_macromolecule(recipe, random));
  }
  return structures;
}

RandomSubject draw_subject(std::uint64_t seed,
                           std::uint64_t index,
                           const DiversityRange& range,
                           std::span<const Structure> structures) {
  RandomSubject subject{draw_settings(seed, index, range), {}};
  if (structures.empty() && subject.settings.specimen.coverage > 0)
    subject.structures = draw_structures(seed, index, range);
  limit_scatterers(range, structures.empty() ? subject.structures : structures, subject.settings);
  return subject;
}

std::size_t simulation_bytes(const DiversityRange& range) {
  constexpr std::int64_t bytes_per_pixel = 160;
  constexpr std::int64_t bytes_of_structures = 64 << 20;
  return static_cast<std::size_t>(bytes_of_structures +
                                  bytes_per_pixel * (range.width + 256) * (range.height + 256));
}

SimulatedMicrograph simulate_random_micrograph(std::uint64_t seed,
                                               std::uint64_t index,
                                               const DiversityRange& range,
                                               std::span<const Structure> structures,
                                               bool keeps_frames) {
  RandomSubject subject = draw_subject(seed, index, range, structures);
  subject.settings.keeps_frames = keeps_frames;
  return simulate_micrograph(
      subject.settings, structures.empty() ? subject.structures : structures, seed, index);
}

}  // namespace limpid
