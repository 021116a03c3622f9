#pragma once

#include "core/image/fourier.h"
#include "core/simulate/ctf.h"
#include "core/simulate/exposure_parts.h"
#include "core/simulate/placement.h"
#include "core/simulate/radial_table.h"
#include "core/simulate/scattering.h"
#include "core/simulate/simulation_settings.h"
#include "core/simulate/structure.h"

#include <array>
#include <cstdint>
#include <span>

namespace limpid {

// Contrasts, intensity / background - 1, of the sums of alternate frames. `even` and `odd` hold the
// structure of the ice and lack the blur that the detector adds after detection; `truth` is the
// sum without ice structure and with the blur of the whole detector.
struct HalfContrasts {
  Spectrum even;
  Spectrum odd;
  Spectrum truth;
};

// Linear image formation in Fourier space: weak phase object, each slab of the specimen at its own
// defocus. Second-order terms, phase^2 / 2, are left out: particles shift the phase by 0.1 to 0.5
// rad against the ice.
class ImageFormation {
 public:
  // Keeps references to settings, motion and detector.
  ImageFormation(const SimulationSettings& settings,
                 const FieldGrid& field,
                 const FrameMotion& motion,
                 const Detector& detector);

  // Contrast of undamaged particles without coherence envelope and detector.
  Spectrum particle_contrast(std::span<const Structure> structures,
                             std::span<const Placement> particles) const;
  // The same for a pure phase object at the middle of the ice.
  Spectrum phase_contrast(const Image& phase) const;

  // Applies damage, motion, envelope and detector, and adds the ice. `film` may be empty.
  HalfContrasts form_halves(const Spectrum& particles,
                            const Spectrum& film,
                            std::uint64_t seed,
                            std::uint64_t micrograph_index) const;

  // Contrast of the grain of carbon film that covers the whole field.
  Image film_grain(std::uint64_t seed, std::uint64_t micrograph_index) const;

  // What the spectra are multiplied by, by frequency in cycles per pixel:
  // of particles the functions of the basis as phase shifts,
  RadialTable<largest_basis_rank> scattering_table(const ScatteringBasis& basis) const;
  // of both halves transfers, damage and motion, and the Cholesky factor of the covariance of the
  // ice,
  RadialTable<HalfColumn::count> half_table() const;
  // and the standard deviation of the grain of film.
  RadialTable<1> grain_table() const;

  double slab_thickness_angstrom() const;
  const Ctf& ctf() const { return ctf_; }
  const SimulationSettings& settings() const { return settings_; }
  const FieldGrid& field() const { return field_; }
  double frame_exposure() const;
  // Amplitude of particles left in a frame by damage and motion.
  double frame_survival(double k, int frame) const;
  // Sums of that over the even and the odd frames.
  std::array<double, 2> survival_sums(double k) const;
  // Envelope times the part of the detector's MTF that acts before detection.
  double transfer_before(double cycles_per_px) const;
  double transfer_in_all(double cycles_per_px) const;
  double depth_averaged_power(double kx, double ky) const;
  // Standard deviations, in the units of a spectrum of the field, of the phase of fresh ice and of
  // its rough surfaces.
  double ice_sigma(double k) const;
  double roughness_sigma(double k) const;

 private:
  double frame_survival(double k, double critical_exposure, int frame) const;

  const SimulationSettings& settings_;
  FieldGrid field_;
  const FrameMotion& motion_;
  const Detector& detector_;
  Ctf ctf_;
};

}  // namespace limpid
