#pragma once

#include "plugin/evaluation/half_evaluation.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace limpid {

// Filters chosen without a truth: the Gaussian with the least unbiased error between one half and
// the other, and the radial Wiener filter from what both halves share (core/metrics says how).
struct HalfBaselines {
  double gaussian_sigma_px = 0;
  std::vector<double> wiener_gain;
};

HalfBaselines choose_half_baselines(const Image& even, const Image& odd);

// A line for the reader where the halves share noise, which such filters keep; they look worse than
// they are then.
std::optional<std::string> baselines_warning(const Image& even,
                                             const Image& odd,
                                             double pixel_size_angstrom);

inline constexpr const char* gaussian_from_halves = "Gaussian, halves";
inline constexpr const char* wiener_from_halves = "Wiener, halves";

// What they make of each half.
std::vector<NamedHalves> filtered_halves(const HalfBaselines& baselines,
                                         const Image& even,
                                         const Image& odd);

// What they make of the whole micrograph.
std::vector<std::pair<std::string, Image>> filtered_whole(const HalfBaselines& baselines,
                                                          const Image& noisy);

}  // namespace limpid
