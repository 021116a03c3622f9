#pragma once

#include "core/image/image.h"

#include <cstdint>
#include <span>
#include <vector>

// Whether a denoiser removed particles: what it removed (raw - denoised), around the picked
// particles against around random places.
//
// Particles lie in any direction, so a window around a place is reduced to its means over rings,
// m_r with n_r pixels, minus the mean of the window. The template t_r is the mean m_r of the raw
// image over the picks. How much of it is in the removed image at place i is
//   a_i = sum_r n_r t_r m_r(removed, i),
// and the answer, over N picks and M random places,
//   sigmas   = [mean a(picks) - mean a(random)] / [sd a(random) sqrt(1/N + 1/M)]
//   fraction = the same difference of means over that of the raw image:
//              the part of the particles' contrast that was removed, 0 to 1.
// The raw image at the picks holds the noise that was removed there. So that the template does not
// find its own noise again, picks with even numbers are compared with the template from those with
// odd numbers and the other way round.
// (The average of the residual at picks as a test of preserved particles is common practice; the
// reduction to rings and to one number is this program's.)
namespace limpid {

// In pixels from the middle of the pixel at (0, 0).
struct PickPosition {
  double x = 0;
  double y = 0;
};

// The window around a place, side an odd number of pixels.
class WindowMean {
 public:
  explicit WindowMean(std::int64_t side_px) : sum_(side_px, side_px) {}

  std::int64_t side_px() const { return sum_.width(); }
  std::int64_t count() const { return count_; }
  // Only for places whose window lies inside the image.
  void add(const Image& image, const PickPosition& place);
  // Throws Error(internal) when nothing was added.
  Image mean() const;

 private:
  Image sum_;
  std::int64_t count_ = 0;
};

// Those whose window of `side_px` pixels lies inside the image.
std::vector<PickPosition> places_inside(std::span<const PickPosition> places,
                                        std::int64_t width,
                                        std::int64_t height,
                                        std::int64_t side_px);

// `count` places of that kind, uniformly distributed, a function of the seed.
std::vector<PickPosition> random_places(std::int64_t width,
                                        std::int64_t height,
                                        std::int64_t side_px,
                                        std::int64_t count,
                                        std::uint64_t seed);

struct PickResidual {
  std::int64_t pick_count = 0;
  double sigmas = 0;    // beyond 5: particles are in what was removed
  double fraction = 0;  // NaN where the raw image shows no particles at the picks
};

// All places have their window inside the images, which have one size. Throws Error(input) for
// fewer than four picks: nothing can be said of these.
PickResidual measure_pick_residual(const Image& raw,
                                   const Image& denoised,
                                   std::span<const PickPosition> picks,
                                   std::span<const PickPosition> random,
                                   std::int64_t side_px);

}  // namespace limpid
