#pragma once

#include "core/metrics/shared_noise.h"
#include "plugin/training/training_pairs.h"

#include <cstdint>
#include <map>
#include <string>

namespace limpid {

// What is known about the independence of the halves before they are trained on
// (core/metrics/shared_noise.h).
struct HalfCheck {
  std::int64_t micrograph_count = 0;  // that were looked at; 0: these are no halves, or unreadable
  SharedNoise noise;

  // One line with the correlations, and for halves that share noise what is the likely cause.
  std::string text() const;
  // For report.json.
  std::map<std::string, double> numbers() const;
};

// Looks at up to four of the micrographs, or two of the movies, evenly from the list. Those that
// cannot be read are passed over: the training reports them.
HalfCheck check_halves(const TrainingPairs& pairs);

}  // namespace limpid
