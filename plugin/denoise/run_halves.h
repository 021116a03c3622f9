#pragma once

#include "core/metrics/shared_noise.h"
#include "plugin/trust/half_check.h"

#include <cstdint>
#include <mutex>
#include <optional>

namespace limpid {

// Whether the halves of a run have a pattern in common, which the numbers of each micrograph would
// count as signal: halves of different micrographs show what is fixed to the detector. For several
// threads.
class RunHalves {
 public:
  // Of the middle of micrograph `number` of the run; a few are enough, those after them are not
  // looked at.
  void add(std::int64_t number, const HalfPair& raw, double pixel_size_angstrom);
  HalfCheck result() const;

 private:
  mutable std::mutex mutex_;
  std::optional<SharedNoiseTest> test_;
};

}  // namespace limpid
