#pragma once

#include "core/image/image.h"

#include <cstdint>
#include <span>

// Learning from one noisy image alone: some pixels are hidden from the network, which has to
// predict them from what it sees around (Krull et al. 2019, "Noise2Void"; Batson & Royer 2019,
// "Noise2Self"). Noise that pixels do not share cannot be predicted, so what is learnt is the
// signal. A detector that smears out an electron makes neighbours share noise; then a hidden pixel
// has to be farther from all visible ones than noise reaches.
namespace limpid {

// How far noise reaches, in pixels along rows and columns: 0 for white noise, at most
// largest_noise_radius_px. The autocorrelation of noise ends within a few pixels, that of the
// specimen hardly changes there: beyond the radius the autocorrelation is within 3 % of the noise
// of the straight line through its values at 6 to 10 pixels.
inline constexpr std::int64_t largest_noise_radius_px = 4;
std::int64_t measure_noise_radius_px(const Image& image);

// Hides square blocks, one at a random place of every cell of a grid over the patch that begins at
// random. Its core, all pixels farther than the radius from its border, is what is learnt from.
class BlindSpots {
 public:
  BlindSpots(std::int64_t patch_size_px, std::int64_t noise_radius_px);

  // In the patch each hidden pixel gets the value of one nearby that is not hidden, so that grey
  // values look as before. `weights` become 0 outside the cores, and equal with mean 1. A pure
  // function of seed and stream.
  void hide(std::span<float> patch,
            std::span<float> weights,
            std::uint64_t seed,
            std::uint64_t stream) const;

 private:
  std::int64_t size_;
  std::int64_t margin_;  // of a block around its core
  std::int64_t core_;
  std::int64_t cell_;
};

}  // namespace limpid
