#pragma once

#include <cstdint>

namespace limpid {

// Learning rate of step `step` (from 0) of `step_count`: a linear rise over the first steps, then
// half a cosine down to 1 % of `peak` (Loshchilov & Hutter 2017, one cycle).
float learning_rate(std::int64_t step, std::int64_t step_count, float peak);

// Decay of the moving average of the weights at step `step` (from 0): short at first, so that the
// start values are soon forgotten, 0.999 in the end.
float average_decay(std::int64_t step);

}  // namespace limpid
