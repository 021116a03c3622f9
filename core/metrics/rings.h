#pragma once

#include "core/image/fourier.h"
#include "core/image/image.h"

#include <cstdint>
#include <vector>

// Rings of equal spatial frequency in the Fourier transform of an image, and sums over them.
namespace limpid {

// With n = half the shorter side (sides of one pixel do not count), ring k collects the
// frequencies within half a step of k / (2 n) cycles per pixel, k = 0 .. n - 1. Ring n collects all
// others: the circle at the Nyquist frequency and the corners outside.
class Rings {
 public:
  Rings(std::int64_t image_width, std::int64_t image_height);

  std::int64_t count() const { return count_; }  // n; sums have n + 1 entries
  // The ring of a frequency vector, in cycles per pixel.
  std::int64_t index(double frequency_x, double frequency_y) const;
  // Cycles per pixel in the middle of ring k.
  double frequency(std::int64_t ring) const;

 private:
  std::int64_t count_ = 1;
};

// Single micrographs show no signal of matter at finer resolution.
inline constexpr double finest_signal_angstrom = 4.5;

enum class Taper {
  none,
  hann  // sin^2 along both sides: the edges of an image are a cross of false signal without it
};

// The transform of the image minus its mean, times the taper.
Spectrum centred_transform(const Image& image, Taper taper);

// Sums over the whole Fourier plane: the stored half counts twice where it stands for two. Vectors
// of n + 1 rings.
struct RingSums {
  std::vector<double> modes;    // number of frequencies
  std::vector<double> power_a;  // |A|^2
  std::vector<double> power_b;  // |B|^2
  std::vector<double> cross;    // Re A B*

  RingSums& operator+=(const RingSums& other);
};

// Added in double in a fixed order, whatever the number of threads. Both transforms are of images
// of one size.
RingSums measure_ring_sums(const Spectrum& a, const Spectrum& b);

// Multiplies by a gain for each of the n + 1 rings.
void multiply_rings(Spectrum& spectrum, const std::vector<double>& gain);

}  // namespace limpid
