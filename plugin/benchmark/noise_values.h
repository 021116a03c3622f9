#pragma once

#include "core/backend/backend.h"

#include <cstdint>
#include <vector>

namespace limpid {

// Normal noise of which a few thousand values repeat. Zeros can run faster than real data.
std::vector<float> noise_values(std::int64_t count);

// Waits for the device.
void fill_with_noise(Backend& backend, const Tensor& tensor);

}  // namespace limpid
