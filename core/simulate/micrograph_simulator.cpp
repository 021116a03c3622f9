#include "core/simulate/micrograph_simulator.h"

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/simulate/image_formation.h"
#include "core/simulate/movie.h"
#include "core/simulate/random_streams.h"
#include "core/simulate/scene.h"

#include <algorithm>
#include <cmath>

namespace limpid {
namespace {

Image crop(const Image& whole, const FieldGrid& field) {
  Image part(field.image_width, field.image_height);
  for (std::int64_t y = 0; y < part.height(); ++y)
    std::copy_n(whole.row(y + field.margin_y_px).begin() + field.margin_x_px,
                part.width(),
                part.row(y).begin());
  return part;
}

void add(Image& total, const Image& part) {
  for (std::int64_t i = 0; i < total.pixel_count(); ++i)
    total.pixels()[static_cast<std::size_t>(i)] += part.pixels()[static_cast<std::size_t>(i)];
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

// The steps from a scene to its images.
class Microscope {
 public:
  Microscope(const SimulationSettings& settings,
             const Scene& scene,
             std::span<const Structure> structures,
             std::uint64_t seed,
             std::uint64_t micrograph_index)
      : settings_(settings),
        scene_(scene),
        seed_(seed),
        index_(micrograph_index),
        landscape_(make_landscape(scene.landscape)),
        detector_(settings.detector, settings.width, settings.height),
        formation_(settings, scene.field, scene.motion, detector_),
        particles_(formation_.particle_contrast(structures, scene.particles)) {
    if (!landscape_.phase.empty())
      film_ = formation_.phase_contrast(landscape_.phase);
    if (!landscape_.film.empty() && settings.has_ice_noise)
      grain_ = formation_.film_grain(seed, micrograph_index);
    contrasts_ = formation_.form_halves(particles_, film_, seed, micrograph_index);
  }

  void take_halves(SimulatedMicrograph& micrograph) const {
    const int even_frames = (settings_.frame_count + 1) / 2;
    const int odd_frames = settings_.frame_count - even_frames;
    micrograph.even = record(expect(contrasts_.even, even_frames),
                             even_frames,
                             random_stream(index_, RandomPurpose::even_half));
    micrograph.odd = record(expect(contrasts_.odd, odd_frames),
                            odd_frames,
                            random_stream(index_, RandomPurpose::odd_half));
  }

  void take_movie(SimulatedMicrograph& micrograph) const {
    MovieFormation movie(formation_, particles_, film_, seed_, index_);
    micrograph.even = Image(settings_.width, settings_.height);
    micrograph.odd = Image(settings_.width, settings_.height);
    for (int frame = 0; frame < settings_.frame_count; ++frame) {
      Image expected = expect(movie.next_frame(), 1);
      if (!settings_.aligns_frames)
        expected = move(expected, frame, 1);
      const auto stream = random_stream(
          index_, RandomPurpose::frame, frame_item(static_cast<std::uint64_t>(frame)));
      micrograph.frames.push_back(record(expected, 1, stream));
      Image& half = frame % 2 == 0 ? micrograph.even : micrograph.odd;
      // What perfect motion correction makes of a moving frame.
      add(half,
          settings_.aligns_frames ? micrograph.frames.back()
                                  : move(micrograph.frames.back(), frame, -1));
    }
  }

  // Also measures the spreads of signal and noise.
  void take_truth(SimulatedMicrograph& micrograph) const {
    const double response = detector_.response() * electrons_in(settings_.frame_count);
    const FieldGrid& field = scene_.field;
    micrograph.truth =
        crop(illuminate(response, inverse_fourier_transform(contrasts_.truth), Image()), field);
    Spread signal;
    Spread noise;
    const Image& truth = micrograph.truth;
    for (std::int64_t y = 0; y < truth.height(); ++y)
      for (std::int64_t x = 0; x < truth.width(); ++x) {
        const double background =
            response * landscape_.transmission.at(x + field.margin_x_px, y + field.margin_y_px);
        signal.add(truth.at(x, y) - background);
        noise.add(micrograph.even.at(x, y) + micrograph.odd.at(x, y) - truth.at(x, y));
      }
    micrograph.signal_sigma = signal.sigma();
    micrograph.noise_sigma = noise.sigma();
  }

 private:
  double electrons_in(int frame_count) const {
    return settings_.exposure_e_per_a2 * settings_.pixel_size_angstrom *
           settings_.pixel_size_angstrom * frame_count / settings_.frame_count;
  }

  Image expect(const Spectrum& contrast, int frame_count) const {
    return illuminate(electrons_in(frame_count), inverse_fourier_transform(contrast), grain_);
  }

  // electrons * transmission * (1 + contrast + grain on the film), never negative; in the memory
  // of the contrast.
  Image illuminate(double electrons, Image contrast, const Image& grain) const {
    parallel_for(contrast.height(), 16, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t y = begin; y < end; ++y)
        for (std::int64_t x = 0; x < contrast.width(); ++x) {
          float relative = 1 + contrast.at(x, y);
          if (!grain.empty())
            relative += landscape_.film.at(x, y) * grain.at(x, y);
          contrast.at(x, y) = static_cast<float>(electrons) * landscape_.transmission.at(x, y) *
                              std::max(0.0f, relative);
        }
    });
    return contrast;
  }

  // To where the specimen is in a frame (direction 1), or back (-1).
  Image move(const Image& image, int frame, int direction) const {
    const double scale = direction / settings_.pixel_size_angstrom;
    const auto f = static_cast<std::size_t>(frame);
    Spectrum spectrum = fourier_transform(image);
    shift(spectrum,
          scale * scene_.motion.shift_x_angstrom[f],
          scale * scene_.motion.shift_y_angstrom[f]);
    return inverse_fourier_transform(spectrum);
  }

  Image record(const Image& expected, int frame_count, std::uint64_t stream) const {
    const FieldGrid& field = scene_.field;
    return detector_.record(
        expected, field.margin_x_px, field.margin_y_px, frame_count, seed_, stream);
  }

  const SimulationSettings& settings_;
  const Scene& scene_;
  std::uint64_t seed_;
  std::uint64_t index_;
  Landscape landscape_;
  Detector detector_;
  ImageFormation formation_;
  Spectrum particles_;
  Spectrum film_;  // empty without film and dirt
  Image grain_;    // empty without film
  HalfContrasts contrasts_;
};

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
  // Random streams have room for 2^24 micrographs.
  if (index >> 24 != 0)
    fail(
        ErrorKind::usage, "simulation: micrograph {} of a seed (0 to 16777215 is expected)", index);
  const Scene scene = make_scene(settings, structures, seed, index);
  SimulatedMicrograph micrograph;
  micrograph.settings = settings;
  for (const Structure& structure : structures)
    micrograph.structure_names.push_back(structure.name);
  micrograph.motion = scene.motion;
  micrograph.particles = records_of(scene.particles, scene.field);

  const Microscope microscope(settings, scene, structures, seed, index);
  if (settings.keeps_frames)
    microscope.take_movie(micrograph);
  else
    microscope.take_halves(micrograph);
  microscope.take_truth(micrograph);
  return micrograph;
}

}  // namespace limpid
