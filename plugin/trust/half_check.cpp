#include "plugin/trust/half_check.h"

#include <fmt/format.h>

#include <vector>

namespace limpid {
namespace {

std::string text_of(const NoiseCorrelation& correlation) {
  return fmt::format("{:.4f} +- {:.4f}", correlation.value, correlation.standard_error);
}

std::vector<std::string> causes_of(const SharedNoise& noise) {
  std::vector<std::string> causes;
  if (noise.is_same_image)
    causes.emplace_back("both are the same image");
  if (noise.is_half_of_other)
    causes.emplace_back("one half seems to be the sum of both");
  if (noise.has_hot_pixels)
    causes.push_back(
        fmt::format("hot or dead pixels ({:.3g} % of the pixels stand out of both halves; single "
                    "ones and lines are replaced in one of the two)",
                    100 * noise.common_outlier_fraction));
  if (noise.has_fixed_pattern)
    causes.push_back(
        fmt::format("a pattern of the detector (halves of different micrographs correlate by {}), "
                    "as a wrong or missing gain reference leaves it",
                    text_of(noise.across)));
  if (noise.shares_frames)
    causes.emplace_back(
        "noise of the same frames in both halves, as interpolation between frames or summing "
        "overlapping sets of frames leaves it");
  if (noise.is_unexplained)
    causes.emplace_back(
        "a gain reference that is wrong or missing, or noise of the same frames in both halves "
        "(interpolation between frames); one micrograph cannot tell which");
  return causes;
}

}  // namespace

std::string HalfCheck::text(const std::string& consequence) const {
  const bool is_measured = noise.within.is_measured();
  std::string found =
      is_measured ? fmt::format("correlation {} where there is no signal", text_of(noise.within))
                  : "pixels too large for frequencies without signal";
  if (noise.is_independent()) {
    if (noise.across.is_measured())
      found += fmt::format(", {} between different micrographs", text_of(noise.across));
    return fmt::format(
        "The halves of {} micrographs look independent: {}", micrograph_count, found);
  }
  return fmt::format(
      "The halves of {} micrographs are not independent, and {}: {}; likely cause: {}",
      micrograph_count,
      consequence,
      found,
      fmt::join(causes_of(noise), "; "));
}

std::map<std::string, double> HalfCheck::numbers() const {
  if (micrograph_count == 0)
    return {};
  std::map<std::string, double> numbers = {
      {"halves_independent", noise.is_independent() ? 1.0 : 0.0},
      {"halves_common_outlier_fraction", noise.common_outlier_fraction}};
  const auto add = [&](const std::string& name, const NoiseCorrelation& correlation) {
    if (!correlation.is_measured())
      return;
    numbers[name] = correlation.value;
    numbers[name + "_error"] = correlation.standard_error;
  };
  add("halves_correlation", noise.within);
  add("halves_correlation_without_outliers", noise.cleaned);
  add("halves_correlation_across_micrographs", noise.across);
  return numbers;
}

}  // namespace limpid
