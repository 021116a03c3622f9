#pragma once

#include "core/nn/unet_description.h"

#include <cstdint>
#include <vector>

namespace limpid {

// Start values, one vector per parameter of description.parameters(): weights normal with variance
// 2 / fan-in (He et al. 2015, for ReLU), biases zero. The output layer starts at a tenth, so that
// the first predictions are small. Each tensor depends on (seed, its name) alone.
std::vector<std::vector<float>> initial_parameters(const UNetDescription& description,
                                                   std::uint64_t seed);

}  // namespace limpid
