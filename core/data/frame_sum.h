#pragma once

#include "core/image/fourier.h"
#include "core/image/image.h"

#include <cstdint>
#include <span>
#include <vector>

namespace limpid {

// How far a frame has to be moved to lie on the others, in pixels of the frames, rows in MRC order.
struct FrameShift {
  double x_px = 0;
  double y_px = 0;
};

// Exposure of a movie, for weights that leave out what radiation has destroyed.
struct DoseWeighting {
  double dose_per_frame_e_per_square_angstrom = 0;
  double dose_before_e_per_square_angstrom = 0;
  double pixel_size_angstrom = 0;  // of the frames
  double voltage_kv = 300;         // 300, 200 or 100
};

// Weights of a frame against spatial frequency, at equal steps up to the corner of the spectrum.
class FrequencyWeights {
 public:
  static constexpr std::size_t step_count = 8192;
  static constexpr double steps_per_cycle_per_pixel = (step_count - 1) / 0.7072;

  // exp(-dose / (2 N(f))), N(f) = 0.245 f^-1.665 + 2.81 e/A^2 at 300 kV, f in 1/A, for the exposure
  // at the end of frame number `frame` (Grant and Grigorieff 2015, doi:10.7554/eLife.06980,
  // equations 3 and 5). At 200 and 100 kV a dose counts 1 / 0.8 and 1 / 0.64 times as much. Throws
  // Error(ErrorKind::usage) at other voltages.
  FrequencyWeights(const DoseWeighting& dose, std::int64_t frame);

  std::span<const double> values() const { return values_; }

 private:
  std::vector<double> values_;
};

// Adds up frames, each moved by a phase ramp and, if wanted, weighted by frequency. The sum of
// weighted frames is divided by the root of the sum of the squared weights (equation 9), which
// leaves the spectrum of white noise white.
class FrameSum {
 public:
  // Without weights, all frames have to come without.
  FrameSum(std::int64_t width, std::int64_t height, bool is_weighted);

  void add(const Spectrum& frame, const FrameShift& shift, const FrequencyWeights* weights);
  Image finish();

 private:
  Spectrum sum_;
  std::vector<double> squared_weights_;  // empty: none
};

}  // namespace limpid
