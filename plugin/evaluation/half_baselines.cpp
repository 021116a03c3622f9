#include "plugin/evaluation/half_baselines.h"

#include "core/metrics/half_metrics.h"
#include "core/metrics/reference_filters.h"

namespace limpid {

HalfBaselines choose_half_baselines(const Image& even, const Image& odd) {
  return {.gaussian_sigma_px = best_gaussian_sigma_px(even, odd),
          .wiener_gain = wiener_gain_from_halves(even, odd)};
}

std::optional<std::string> baselines_warning(const Image& even,
                                             const Image& odd,
                                             double pixel_size_angstrom) {
  const auto warning = dependence_warning(measure_raw_halves({even, odd}, pixel_size_angstrom));
  if (!warning)
    return std::nullopt;
  return *warning + ", and the filters that are chosen from them keep it";
}

std::vector<NamedHalves> filtered_halves(const HalfBaselines& baselines,
                                         const Image& even,
                                         const Image& odd) {
  // The gain is that for the mean of both halves, which has twice the signal-to-noise ratio r of
  // one: g = r / (r + 1) for the mean is g / (2 - g) for a half.
  std::vector<double> half_gain = baselines.wiener_gain;
  for (double& gain : half_gain)
    gain = gain / (2 - gain);
  std::vector<NamedHalves> filtered;
  filtered.push_back({gaussian_from_halves,
                      gaussian_filter(even, baselines.gaussian_sigma_px),
                      gaussian_filter(odd, baselines.gaussian_sigma_px)});
  filtered.push_back(
      {wiener_from_halves, filter_rings(even, half_gain), filter_rings(odd, half_gain)});
  return filtered;
}

std::vector<std::pair<std::string, Image>> filtered_whole(const HalfBaselines& baselines,
                                                          const Image& noisy) {
  std::vector<std::pair<std::string, Image>> filtered;
  filtered.emplace_back(gaussian_from_halves, gaussian_filter(noisy, baselines.gaussian_sigma_px));
  filtered.emplace_back(wiener_from_halves, filter_rings(noisy, baselines.wiener_gain));
  return filtered;
}

}  // namespace limpid
