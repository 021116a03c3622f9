#pragma once

#include "core/base/host_device.h"

#include <cstdint>

namespace limpid {

// The index inside [0, size) that stands for `at` when a row is continued beyond both ends by
// reflection, without repeating the pixel at the end, as often as needed.
LIMPID_HOST_DEVICE inline std::int64_t reflected_index(std::int64_t at, std::int64_t size) {
  if (size == 1)
    return 0;
  const std::int64_t period = 2 * size - 2;
  const std::int64_t remainder = at % period;
  const std::int64_t inside = remainder < 0 ? remainder + period : remainder;
  return inside < size ? inside : period - inside;
}

}  // namespace limpid
