#pragma once

#include "core/image/fourier.h"
#include "core/metrics/half_metrics.h"

#include <cstdint>
#include <limits>
#include <vector>

// Whether the halves of a few micrographs have independent noise, and if not, why. What halves
// share is learnt as signal and counted as signal, so this is asked before a training on halves and
// of the halves from which results are judged.
//
// Each half is put on the grey scale of networks, outliers clipped, and a square of at most 2048
// pixels in its middle is looked at:
//   within   FRC of the two halves of a micrograph where there is no signal: from 0.4 cycles per
//            pixel, or from 1 / 4.5 A if that is more, to 0.5; not measurable for pixels above 2.1
//            A
//   cleaned  the same after pixels beyond 4 sigma in both halves, alone or in a line, got the mean
//   across   FRC of the even half of one micrograph and the odd half of another, cleaned, from 0.25
//            to 0.5 cycles per pixel: only what is fixed to the detector is in both
// Each is a mean over micrographs or their pairs. It counts as shared noise above five standard
// errors and above what is harmless beside the signal: 0.004, and 0.0005 across micrographs, where
// no signal can be mistaken for noise.
//
// A gain reference that is wrong by a fraction g, unlike in each pixel, correlates halves of n
// counted electrons per pixel by g^2 n. For N micrographs of M pixels the standard error across is
// about 2.5 / sqrt(M N (N - 1)): 1 % shows in 12 micrographs of 1024 x 1024 pixels and 17 electrons
// (0.0017 +- 0.0002), never in one.
namespace limpid {

struct NoiseCorrelation {
  double value = 0;
  double standard_error = std::numeric_limits<double>::infinity();  // infinite: not measurable

  bool is_measured() const;
  bool is_shared_noise(double harmless = 0.004) const;
};

struct SharedNoise {
  NoiseCorrelation within;
  NoiseCorrelation cleaned;
  NoiseCorrelation across;  // not measured with less than two micrographs of one size
  double common_outlier_fraction = 0;

  // Causes; none when the halves are independent as far as can be seen.
  bool is_same_image = false;     // or nearly so
  bool is_half_of_other = false;  // one is the sum or the mean of both
  bool has_hot_pixels = false;
  bool has_fixed_pattern = false;  // of the detector: gain reference
  bool shares_frames = false;      // noise of this micrograph in both: interpolation between frames
  bool is_unexplained = false;     // one of the last two, not to be told apart with one micrograph

  bool is_independent() const;
};

class SharedNoiseTest {
 public:
  // 1 for an unknown pixel size.
  explicit SharedNoiseTest(double pixel_size_angstrom);

  // Throws Error(input) when sizes differ or a half has no contrast. The last micrographs of other
  // sizes than the first are not compared with it.
  void add(const HalfPair& raw);
  std::int64_t micrograph_count() const { return static_cast<std::int64_t>(within_.size()); }
  SharedNoise result() const;

 private:
  struct Halves {
    Spectrum even;
    Spectrum odd;
  };

  void add_across(Halves&& cleaned);
  NoiseCorrelation measure_across() const;

  double lowest_frequency_;
  std::vector<NoiseCorrelation> within_;
  std::vector<NoiseCorrelation> cleaned_;
  // Over micrographs of the size of the first, each with a power of 1 in the frequencies that are
  // compared. The pairs of different ones are all pairs without those of a micrograph with itself.
  Halves sums_;
  double self_correlation_ = 0;
  std::int64_t summed_count_ = 0;
  double gross_correlation_ = 0;  // sums over the micrographs
  double gross_ratio_ = 0;
  double outlier_fraction_ = 0;
};

}  // namespace limpid
