#pragma once

#include "core/metrics/shared_noise.h"

#include <cstdint>
#include <map>
#include <string>

namespace limpid {

// Enough to see a gain reference that is wrong by 1 %.
inline constexpr std::int64_t most_checked_micrographs = 12;

// What is known about the independence of the halves that are trained on, or from which results are
// judged (core/metrics/shared_noise.h).
struct HalfCheck {
  std::int64_t micrograph_count = 0;  // that were looked at; 0: these are no halves, or unreadable
  SharedNoise noise;

  // One line with the correlations, and for halves that share noise what follows from it,
  // `consequence`, and what is the likely cause.
  std::string text(const std::string& consequence) const;
  // For report.json.
  std::map<std::string, double> numbers() const;
};

}  // namespace limpid
