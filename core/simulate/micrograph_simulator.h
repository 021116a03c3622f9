#pragma once

#include "core/image/image.h"
#include "core/simulate/orientation.h"
#include "core/simulate/simulation_settings.h"
#include "core/simulate/structure.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace limpid {

// Where a particle is. Pixels count from 0 at the centre of the first pixel, y in the order of the
// rows.
struct ParticleRecord {
  double x_px = 0;
  double y_px = 0;
  // Above the middle of the ice, towards the electron source: its defocus is that much smaller than
  // the micrograph's.
  double height_angstrom = 0;
  std::size_t structure = 0;
  EulerAngles angles;
};

// A micrograph whose truth is known. Images are in the unit of the detector: electrons counted, or
// ADU when adu_per_electron is not 1.
struct SimulatedMicrograph {
  SimulationSettings settings;
  std::vector<std::string> structure_names;
  // Sums of frames 0, 2, 4, ... and 1, 3, 5, ...; the micrograph is their sum. Noise of the two is
  // independent; particles, film and what is fixed in the ice are common.
  Image even;
  Image odd;
  // The expectation of even + odd without ice structure, film grain and camera errors: particles,
  // contamination, film and thickness only. What a perfect denoiser gives.
  Image truth;
  // The movie, if it was asked for; its frames add up to even + odd when they are aligned.
  std::vector<Image> frames;
  FrameMotion motion;
  // Particles whose centre lies in the image.
  std::vector<ParticleRecord> particles;
  // Spread of the truth about the transmitted background, and of micrograph - truth.
  double signal_sigma = 0;
  double noise_sigma = 0;

  double snr_per_px() const { return signal_sigma * signal_sigma / (noise_sigma * noise_sigma); }
};

Image sum(const Image& even, const Image& odd);

// The micrograph number `index` of a seed. It depends on nothing else: not on other micrographs,
// not on the number of threads. `structures` may be empty for ice alone. A movie draws other
// electrons than a micrograph without one. Throws Error (usage) for settings without meaning.
SimulatedMicrograph simulate_micrograph(const SimulationSettings& settings,
                                        std::span<const Structure> structures,
                                        std::uint64_t seed,
                                        std::uint64_t index);

}  // namespace limpid
