#pragma once

#include "core/data/pair_source.h"
#include "core/image/fourier.h"
#include "core/image/image.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace limpid {

// How the power of noise is spread over frequencies, in any unit.
class NoiseSpectrum {
 public:
  NoiseSpectrum();

  // Adds what one image says: the power that the image and what was removed from it have in common.
  // Of the best possible estimate of the signal, the part that it gets wrong has nothing in common
  // with the image, so that this is the power of the noise, also where there is signal.
  // Both transforms are of images of one size.
  void add(const Spectrum& image, const Spectrum& removed);
  // The mean over all frequencies of a bin that were added, at least 0; in between a straight line.
  // In cycles per pixel. 1 before anything was added.
  double power(double frequency) const;

 private:
  double bin_power(std::size_t bin) const;

  std::vector<double> sums_;
  std::vector<double> modes_;
};

// White noise, the same for the same seed and stream, given this spectrum. Its differences between
// adjoining pixels, which have hardly any signal in micrographs, become as large as those of
// `image`.
Image noise_like(const Image& image,
                 const NoiseSpectrum& spectrum,
                 std::uint64_t seed,
                 std::uint64_t stream);

// Halves of lone micrographs: y + z and y - z, with z random and like the noise n of y. Then n + z
// and n - z are independent of each other if all is normal, and each can be the target of the other
// (Pang et al. 2021, "Recorrupted-to-Recorrupted"). `spectrum` is read when pairs are loaded.
std::unique_ptr<PairSource> make_noise_halves(std::unique_ptr<PairSource> singles,
                                              std::shared_ptr<const NoiseSpectrum> spectrum,
                                              std::uint64_t seed);

}  // namespace limpid
