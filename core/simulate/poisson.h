#pragma once

#include "core/base/random.h"

#include <cstdint>

namespace limpid {

// A Poisson variate of the given mean (0 for a mean that is not positive). One uniform number and
// about `mean` multiplications below a mean of 10, transformed rejection above.
std::int64_t draw_poisson(double mean, RandomSequence& random);

}  // namespace limpid
