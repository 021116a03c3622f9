#pragma once

#include "plugin/training/training_pairs.h"
#include "plugin/trust/half_check.h"

namespace limpid {

// Looks at up to twelve of the micrographs, or two of the movies, evenly from the list. Those that
// cannot be read are passed over: the training reports them.
HalfCheck check_halves(const TrainingPairs& pairs);

}  // namespace limpid
