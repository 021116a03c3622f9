#pragma once

#include "core/image/image.h"
#include "core/metrics/rings.h"

#include <array>
#include <optional>
#include <vector>

// Fourier ring correlation of two images of one size, A and B their transforms under a Hann taper:
//   FRC_k = sum over ring k of Re A B* / sqrt(sum |A|^2 sum |B|^2)
// (Saxton & Baumeister 1982; rings as in rings.h, ring n left out). A filter that is the same in
// all directions does not change it. For independent noise it is 0 within its standard error:
// neighbouring frequencies under the taper are not independent, so that the mean over a band of
// several rings with M modes varies as that of M / taper_mode_correlation independent ones,
// standard error sqrt(taper_mode_correlation / M); for a single ring it is about sqrt(2.1 / M).
namespace limpid {

// Along each side mean w^4 / (mean w^2)^2 = 35 / 18 for the taper w = sin^2.
inline constexpr double taper_mode_correlation = (35.0 / 18) * (35.0 / 18);

struct RingCorrelation {
  std::vector<double> frequency;  // 1 / angstrom; cycles per pixel for a pixel size of 1
  std::vector<double> correlation;
  std::vector<double> modes;  // in the whole plane
};

// Throws Error(input) when the sizes differ or the pixel size is not above 0.
RingCorrelation measure_ring_correlation(const Image& a,
                                         const Image& b,
                                         double pixel_size_angstrom = 1.0);

// The same from transforms made by centred_transform(), for comparing many images with one.
RingCorrelation ring_correlation_of(const Spectrum& a,
                                    const Spectrum& b,
                                    double pixel_size_angstrom = 1.0);

// Spatial frequencies from 1 / coarse to below 1 / fine.
struct ResolutionBand {
  double coarse_angstrom = 0;
  double fine_angstrom = 0;
};

inline constexpr std::array<ResolutionBand, 5> resolution_bands = {
    {{300, 60}, {60, 30}, {30, 15}, {15, 8}, {8, 4}}};

// Mean of the rings inside the band, weighted by their modes; nothing when no ring is inside.
std::optional<double> band_average(const RingCorrelation& curve, const ResolutionBand& band);

// Gain in signal-to-noise ratio within a band over the noisy image, both compared with the truth:
//   10 log10 [ r(denoised) / r(noisy) ],  r = F^2 / (1 - F^2),  F = band average of the FRC,
// F limited to 0.001 .. 0.9999. Nothing when the band holds no ring or the noisy F is at most 0.03:
// then there is no signal to compare with.
std::optional<double> band_gain_db(const RingCorrelation& denoised,
                                   const RingCorrelation& noisy,
                                   const ResolutionBand& band);

// The finest resolution in angstrom at which the mean of three neighbouring rings reaches the
// threshold (0.5 or 0.143). The finest, not the first: the zeros of the CTF are dips in between.
// Nothing when no ring but the innermost does.
std::optional<double> finest_resolution_angstrom(const RingCorrelation& curve, double threshold);

}  // namespace limpid
