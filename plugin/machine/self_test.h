#pragma once

#include "core/backend/backend.h"

namespace limpid {

// Applies a small network to noise on `backend` and returns the largest difference from the
// reference backend, relative to the largest value. Throws what the backend throws when it cannot
// work.
double self_test_difference(Backend& backend);

// What a backend that works stays below, for its arithmetic.
double self_test_tolerance(DataType compute_type);

}  // namespace limpid
