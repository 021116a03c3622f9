#pragma once

#include "core/backend/backend.h"
#include "core/data/noise_halves.h"
#include "plugin/training/training_pairs.h"
#include "plugin/training/training_plan.h"

#include <cstdint>
#include <vector>

namespace limpid {

// The noise that the model of a start removes from single micrographs: of the middle of up to 16 of
// those at `indices`, evenly spaced. Throws Error(input) if none of them can be read.
NoiseSpectrum measure_removed_noise(Backend& backend,
                                    const TrainingStart& start,
                                    const TrainingPairs& pairs,
                                    const std::vector<std::int64_t>& indices);

}  // namespace limpid
