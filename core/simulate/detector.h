#pragma once

#include "core/image/image.h"
#include "core/simulate/energy_deposit.h"
#include "core/simulate/mtf.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace limpid {

enum class DetectorKind { counting, integrating };

struct DetectorSettings {
  DetectorKind kind = DetectorKind::counting;
  Mtf mtf{0.82, 0.50};
  double detected_fraction = 0.88;  // of the electrons; the DQE at low frequency when counting
  // The part of the blur that happens after an electron has become a signal and so blurs the noise
  // too: the noise transfer function is MTF^noise_blur. 0 is white noise, as electron counting
  // gives when coincidences are rare.
  double noise_blur = 0;
  // Integrating only: relative variance of the energy an electron leaves.
  double deposit_relative_variance = 0.5;
  double read_noise_electrons = 0;  // rms of a pixel of a frame
  // Errors of the gain reference: rms of a pattern of pixels and columns that is the same in every
  // image of the camera.
  double gain_error = 0;
  double hot_pixels_per_megapixel = 0;
  double hot_pixel_electrons_per_frame = 3;
  double adu_per_electron = 1;
  std::uint64_t camera_seed = 1;
};

// Rounded from published curves at 300 kV (McMullan et al. 2014, Ultramicroscopy 147:156; Ruskin,
// Yu and Grigorieff 2013, J. Struct. Biol. 184:385; data sheets): a shape of the right kind, not a
// calibration. Measured curves come in as a table (Mtf::from_table). "k2", "k3",
// "falcon3-counting", "falcon4", "falcon3-integrating", "falcon2", "ccd". Throws Error (usage) for
// another name.
DetectorSettings detector_preset(std::string_view name);
std::vector<std::string_view> detector_preset_names();

// The error of the gain of a pixel, 1 + rms * (pixel_share * normal + column gain), has parts that
// columns and blocks of 64 columns (read-out channels) share.
struct GainError {
  GainError(double rms_error, std::int64_t width, std::uint64_t camera_seed);

  // Of the normals of a row of pixels.
  static std::uint64_t stream_of_row(std::int64_t y);

  double rms = 0;
  double pixel_share = 1;
  std::vector<double> columns;
};

// Streams of what is read out beside the electrons, whose rows draw from those from `stream` on.
std::uint64_t read_noise_stream(std::uint64_t stream);
std::uint64_t hot_pixel_stream(std::uint64_t stream);

inline constexpr int noise_blur_steps = 1024;
inline constexpr double noise_blur_corner = 0.7072;

// A camera. Counting: electrons arrive as a Poisson process of the expected image, which already
// holds the blur of the position errors, so that noise is white with variance equal to the mean.
// Integrating: each electron leaves a random energy, the energies are blurred and read noise is
// added.
class Detector {
 public:
  // Throws Error (usage) for settings without meaning.
  Detector(const DetectorSettings& settings, std::int64_t width, std::int64_t height);

  // What the expectation must be blurred by before record(): MTF^(1 - noise_blur).
  double blur_before(double cycles_per_px) const;
  // What the expectation of the recorded image has been blurred by in the end.
  double blur_in_all(double cycles_per_px) const;

  // MTF^noise_blur for frequencies i / noise_blur_steps * noise_blur_corner of cycles per pixel.
  std::vector<float> noise_blur_table() const;
  const std::vector<std::int64_t>& hot_pixels() const { return hot_pixels_; }
  const std::optional<EnergyDeposit>& deposit() const { return deposit_; }

  // Values of a pixel for each electron that hits it, on average.
  double response() const;

  // One exposure. `expected` holds incident electrons for each pixel of a larger plane, in which
  // the detector begins at (left, bottom); the sum of `frame_count` read-outs comes back. Rows draw
  // from the streams `stream`, `stream` + 1, ...
  Image record(const Image& expected,
               std::int64_t left,
               std::int64_t bottom,
               int frame_count,
               std::uint64_t seed,
               std::uint64_t stream) const;

 private:
  void count(const Image& expected,
             std::int64_t left,
             std::int64_t bottom,
             std::uint64_t seed,
             std::uint64_t stream,
             Image& image) const;
  Image integrate(const Image& expected, std::uint64_t seed, std::uint64_t stream) const;
  void read_out(int frame_count, std::uint64_t seed, std::uint64_t stream, Image& image) const;

  DetectorSettings settings_;
  std::optional<EnergyDeposit> deposit_;
  Image gain_;  // empty when perfect
  std::vector<std::int64_t> hot_pixels_;
  std::int64_t width_;
  std::int64_t height_;
};

}  // namespace limpid
