#pragma once

#include "plugin/training/training_pairs.h"

namespace limpid {

// Whether the noise of these halves, movies or lone micrographs is like that of plain sums weighted
// by dose (plugin/denoise/weighted_noise.h), as that of some integrating cameras is, too. A model
// that has learnt it must not be shown another. One that looks so is enough, of up to twelve
// micrographs or two movies evenly from the list; those that cannot be read are passed over.
bool teaches_weighted_noise(const TrainingPairs& pairs);

}  // namespace limpid
