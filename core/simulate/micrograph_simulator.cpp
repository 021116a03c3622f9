#include "core/simulate/micrograph_simulator.h"

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/simulate/image_formation.h"
#include "core/simulate/movie.h"
#include "core/simulate/random_streams.h"

#include <algorithm>
#include <cmath>

namespace limpid {
namespace {

std::int64_t fast_size_from(std::int64_t size) {
  const auto is_fast = [](std::int64_t n) {
    for (std::int64_t factor : {2, 3, 5, 7})
      while (n % factor == 0)
        n /= factor;
    return n == 1;
  };
  size += size % 2;
  while (!is_fast(size))
    size += 2;
  return size;
}

FieldGrid make_field(const SimulationSettings& settings) {
  // Fringes of the features down to 1 / (8 A) reach lambda defocus / 8 A.
  const Ctf ctf(settings.ctf);
  const double reach_angstrom =
      ctf.wavelength_angstrom() * std::abs(ctf.mean_defocus_angstrom()) / 8;
  const auto margin = static_cast<std::int64_t>(
      std::clamp(reach_angstrom / settings.pixel_size_angstrom, 32.0, 128.0));
  FieldGrid field;
  field.pixel_size_angstrom = settings.pixel_size_angstrom;
  field.width = fast_size_from(settings.width + 2 * margin);
  field.height = fast_size_from(settings.height + 2 * margin);
  field.margin_x_px = (field.width - settings.width) / 2;
  field.margin_y_px = (field.height - settings.height) / 2;
  field.image_width = settings.width;
  field.image_height = settings.height;
  return field;
}

Image crop(const Image& whole, const FieldGrid& field) {
  Image part(field.image_width, field.image_height);
  for (std::int64_t y = 0; y < part.height(); ++y)
    std::copy_n(whole.row(y + field.margin_y_px).begin() + field.margin_x_px,
                part.width(),
                part.row(y).begin());
  return part;
}

std::vector<ParticleRecord> records_of(std::span<const Placement> particles,
                                       const FieldGrid& field) {
  std::vector<ParticleRecord> records;
  for (const Placement& particle : particles) {
    ParticleRecord record;
    record.x_px = particle.position_angstrom.x() / field.pixel_size_angstrom -
                  static_cast<double>(field.margin_x_px);
    record.y_px = particle.position_angstrom.y() / field.pixel_size_angstrom -
                  static_cast<double>(field.margin_y_px);
    record.height_angstrom = particle.position_angstrom.z();
    record.structure = particle.structure;
    record.angles = particle.angles;
    const bool is_inside = record.x_px >= -0.5 && record.y_px >= -0.5 &&
                           record.x_px < static_cast<double>(field.image_width) - 0.5 &&
                           record.y_px < static_cast<double>(field.image_height) - 0.5;
    if (is_inside)
      records.push_back(record);
  }
  return records;
}

// Running mean square deviation from the mean of what is given.
class Spread {
 public:
  void add(double value) {
    sum_ += value;
    sum_of_squares_ += value * value;
    ++count_;
  }
  double sigma() const {
    const double mean = sum_ / static_cast<double>(count_);
    const double variance = sum_of_squares_ / static_cast<double>(count_) - mean * mean;
    return std::sqrt(std::max(0.0, variance));
  }

 private:
  double sum_ = 0;
  double sum_of_squares_ = 0;
  std::int64_t count_ = 0;
};

// electrons * transmission * (1 + contrast + grain on the film), never negative; in the memory of
// the contrast.
Image expected_electrons(double electrons,
                         const Landscape& landscape,
                         Image contrast,
                         const Image& grain) {
  parallel_for(contrast.height(), 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t y = begin; y < end; ++y)
      for (std::int64_t x = 0; x < contrast.width(); ++x) {
        float relative = 1 + contrast.at(x, y);
        if (!grain.empty())
          relative += landscape.film.at(x, y) * grain.at(x, y);
        contrast.at(x, y) = static_cast<float>(electrons) * landscape.transmission.at(x, y) *
                            std::max(0.0f, relative);
      }
  });
  return contrast;
}

// What all exposures of one micrograph share.
struct Scene {
  const SimulationSettings& settings;
  const FieldGrid& field;
  const Landscape& landscape;
  const Image& grain;
  const Detector& detector;
  std::uint64_t seed;
  std::uint64_t index;

  Image expose(const Spectrum& contrast, int frame_count, std::uint64_t stream) const {
    const double electrons = settings.exposure_e_per_a2 * settings.pixel_size_angstrom *
                             settings.pixel_size_angstrom * frame_count / settings.frame_count;
    const Image expected =
        expected_electrons(electrons, landscape, inverse_fourier_transform(contrast), grain);
    return detector.record(
        expected, field.margin_x_px, field.margin_y_px, frame_count, seed, stream);
  }
};

void add(Image& total, const Image& part) {
  for (std::int64_t i = 0; i < total.pixel_count(); ++i)
    total.pixels()[static_cast<std::size_t>(i)] += part.pixels()[static_cast<std::size_t>(i)];
}

void expose_movie(const Scene& scene, MovieFormation& movie, SimulatedMicrograph& micrograph) {
  const SimulationSettings& settings = scene.settings;
  micrograph.even = Image(settings.width, settings.height);
  micrograph.odd = Image(settings.width, settings.height);
  for (int frame = 0; frame < settings.frame_count; ++frame) {
    const auto stream = random_stream(
        scene.index, RandomPurpose::frame, frame_item(static_cast<std::uint64_t>(frame)));
    const Image image = scene.expose(movie.next_frame(!settings.aligns_frames), 1, stream);
    Image& half = frame % 2 == 0 ? micrograph.even : micrograph.odd;
    if (settings.aligns_frames) {
      add(half, image);
    } else {
      // What perfect motion correction makes of the moving frame.
      Spectrum spectrum = fourier_transform(image);
      const auto f = static_cast<std::size_t>(frame);
      shift(spectrum,
            -micrograph.motion.shift_x_angstrom[f] / settings.pixel_size_angstrom,
            -micrograph.motion.shift_y_angstrom[f] / settings.pixel_size_angstrom);
      add(half, inverse_fourier_transform(spectrum));
    }
    micrograph.frames.push_back(image);
  }
}

void measure_spreads(const Landscape& landscape,
                     const FieldGrid& field,
                     double response,
                     SimulatedMicrograph& micrograph) {
  Spread signal;
  Spread noise;
  const Image& truth = micrograph.truth;
  for (std::int64_t y = 0; y < truth.height(); ++y)
    for (std::int64_t x = 0; x < truth.width(); ++x) {
      const double background =
          response * landscape.transmission.at(x + field.margin_x_px, y + field.margin_y_px);
      signal.add(truth.at(x, y) - background);
      noise.add(micrograph.even.at(x, y) + micrograph.odd.at(x, y) - truth.at(x, y));
    }
  micrograph.signal_sigma = signal.sigma();
  micrograph.noise_sigma = noise.sigma();
}

}  // namespace

Image sum(const Image& even, const Image& odd) {
  Image total = even;
  add(total, odd);
  return total;
}

SimulatedMicrograph simulate_micrograph(const SimulationSettings& settings,
                                        std::span<const Structure> structures,
                                        std::uint64_t seed,
                                        std::uint64_t index) {
  check_settings(settings, structures.size());
  const auto sequence = [&](RandomPurpose purpose) {
    return RandomSequence(seed, random_stream(index, purpose));
  };
  const FieldGrid field = make_field(settings);
  const Detector detector(settings.detector, settings.width, settings.height);

  RandomSequence specimen_random = sequence(RandomPurpose::specimen);
  const std::vector<Placement> particles =
      place_particles(settings.specimen, field, structures, specimen_random);
  RandomSequence landscape_random = sequence(RandomPurpose::landscape);
  const Landscape landscape = make_landscape(
      settings.specimen, settings.illumination, field, settings.ctf.voltage_kv, landscape_random);
  RandomSequence motion_random = sequence(RandomPurpose::motion);
  SimulatedMicrograph micrograph;
  micrograph.settings = settings;
  for (const Structure& structure : structures)
    micrograph.structure_names.push_back(structure.name);
  micrograph.motion = draw_motion(settings.motion,
                                  settings.frame_count,
                                  settings.exposure_e_per_a2 / settings.frame_count,
                                  motion_random);
  micrograph.particles = records_of(particles, field);

  const ImageFormation formation(settings, field, micrograph.motion, detector);
  const Spectrum particle_contrast = formation.particle_contrast(structures, particles);
  const Spectrum film_contrast =
      landscape.phase.empty() ? Spectrum() : formation.phase_contrast(landscape.phase);
  const Image grain = landscape.film.empty() || !settings.has_ice_noise
                          ? Image()
                          : formation.film_grain(seed, index);
  HalfContrasts halves = formation.form_halves(particle_contrast, film_contrast, seed, index);

  const Scene scene{settings, field, landscape, grain, detector, seed, index};
  if (settings.keeps_frames) {
    MovieFormation movie(formation,
                         settings,
                         field,
                         micrograph.motion,
                         particle_contrast,
                         film_contrast,
                         seed,
                         index);
    expose_movie(scene, movie, micrograph);
  } else {
    const int even_frames = (settings.frame_count + 1) / 2;
    micrograph.even =
        scene.expose(halves.even, even_frames, random_stream(index, RandomPurpose::even_half));
    micrograph.odd = scene.expose(halves.odd,
                                  settings.frame_count - even_frames,
                                  random_stream(index, RandomPurpose::odd_half));
  }

  const double response = detector.response() * settings.exposure_e_per_a2 *
                          settings.pixel_size_angstrom * settings.pixel_size_angstrom;
  micrograph.truth = crop(
      expected_electrons(response, landscape, inverse_fourier_transform(halves.truth), Image()),
      field);
  measure_spreads(landscape, field, response, micrograph);
  return micrograph;
}

}  // namespace limpid
