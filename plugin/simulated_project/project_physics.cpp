#include "plugin/simulated_project/project_physics.h"

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/io/input_file.h"
#include "core/simulate/procedural_structure.h"
#include "core/simulate/random_streams.h"
#include "limpid_version.h"
#include "plugin/simulated_project/structure_choice.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <span>

namespace limpid {
namespace {

// Random streams have room for 2^24 micrographs; the last number stands for the project itself.
constexpr std::uint64_t project_index = (std::uint64_t{1} << 24) - 1;

RandomSequence project_sequence(std::uint64_t seed) {
  return RandomSequence(seed, random_stream(project_index, RandomPurpose::settings));
}

// Steps of the golden ratio fill the interval evenly, however many there are.
double stepped(double low, double high, double start, std::uint64_t index) {
  const double position = start + static_cast<double>(index) * (std::numbers::phi - 1);
  return low + (high - low) * (position - std::floor(position));
}

CtfParameters microscope_ctf(std::uint64_t seed, std::uint64_t index, RandomSequence& random) {
  RandomSequence project = project_sequence(seed);
  CtfParameters ctf;
  ctf.voltage_kv = 300;
  ctf.spherical_aberration_mm = 2.7;
  ctf.amplitude_contrast = 0.1;
  ctf.b_factor_angstrom2 = 70;
  const double defocus = stepped(8000, 25000, project.uniform(), index);
  // Astigmatism belongs to the alignment of the microscope and drifts a little.
  const double astigmatism = project.uniform(100, 500) + random.uniform(-60, 60);
  ctf.defocus_u_angstrom = defocus + 0.5 * astigmatism;
  ctf.defocus_v_angstrom = defocus - 0.5 * astigmatism;
  ctf.defocus_angle_degrees = project.uniform(10, 170) + random.uniform(-8, 8);
  return ctf;
}

SpecimenSettings thin_ice(RandomSequence& random) {
  SpecimenSettings specimen;
  IceLayer& ice = specimen.ice;
  ice.thickness_angstrom = random.uniform(250, 500);
  const double gradient = random.uniform(0.1, 0.4);
  const double direction = random.uniform(0, 2 * std::numbers::pi);
  ice.gradient_x = gradient * std::cos(direction);
  ice.gradient_y = gradient * std::sin(direction);
  ice.meniscus = random.uniform(0, 0.15);
  ice.undulation = 0.02;
  ice.undulation_wavelength_angstrom = 600;
  specimen.coverage = random.uniform(0.35, 0.6);
  return specimen;
}

}  // namespace

ProjectPhysics::ProjectPhysics(const SimulateJob& job)
    : job_(job), range_(diversity_of_size(job.width_px, job.height_px)) {
  const auto largest_count = static_cast<std::int64_t>(project_index);
  if (job.micrograph_count < 1 || job.micrograph_count > largest_count)
    fail(ErrorKind::usage,
         "simulating {} micrographs (1 to {} are expected)",
         job.micrograph_count,
         largest_count);
  if (!job.structure_file.empty()) {
    structures_ = {read_structure_file(job.structure_file, job.map_threshold)};
    structure_hash_ = content_hash_of_file(job.structure_file, ErrorKind::usage);
  } else if (!job.diverse) {
    RandomSequence random(job.run.seed, random_stream(project_index, RandomPurpose::structures));
    structures_ = build_typical_structures(job.structure_count, random);
  }
  check_settings(settings_of(0), structures_.size());
}

SimulationSettings ProjectPhysics::settings_of(std::uint64_t index) const {
  SimulationSettings settings;
  if (job_.diverse) {
    settings = draw_settings(job_.run.seed, index, range_);
  } else {
    RandomSequence random(job_.run.seed, random_stream(index, RandomPurpose::settings));
    settings.width = job_.width_px;
    settings.height = job_.height_px;
    settings.pixel_size_angstrom = job_.pixel_size_angstrom;
    settings.exposure_e_per_a2 = job_.dose_e_per_square_angstrom;
    settings.frame_count = static_cast<int>(std::clamp<std::int64_t>(job_.frame_count, 0, 1 << 20));
    settings.ctf = microscope_ctf(job_.run.seed, index, random);
    settings.specimen = thin_ice(random);
    settings.detector = detector_preset(job_.camera);
    settings.illumination.curvature = -0.02;
  }
  settings.keeps_frames = has_movie(index);
  return settings;
}

SimulatedMicrograph ProjectPhysics::simulate(std::uint64_t index) const {
  if (!job_.diverse)
    return simulate_micrograph(settings_of(index), structures_, job_.run.seed, index);
  return simulate_random_micrograph(job_.run.seed, index, range_, structures_, has_movie(index));
}

std::string ProjectPhysics::fingerprint(std::uint64_t index) const {
  const SimulateJob& job = job_;
  // Numbers are written in full; a new version of the program may simulate better.
  const std::string text = fmt::format(
      "limpid {} seed {} size {} {} pixel {} dose {} frames {} camera {} structure {} threshold {} "
      "structures {} diverse {} movie {} halves {} float16 {}",
      LIMPID_VERSION,
      job.run.seed,
      job.width_px,
      job.height_px,
      job.pixel_size_angstrom,
      job.dose_e_per_square_angstrom,
      job.frame_count,
      job.camera,
      structure_hash_,
      job.map_threshold ? fmt::format("{}", *job.map_threshold) : "chosen",
      job.structure_count,
      job.diverse,
      has_movie(index),
      job.write_halves,
      job.float16);
  return content_hash(std::as_bytes(std::span(text)));
}

}  // namespace limpid
