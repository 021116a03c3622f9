#pragma once

#include "core/image/fourier.h"
#include "core/metrics/rings.h"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <tuple>

namespace limpid {

// White noise in Fourier space, a function of its size and the seed, and its power in rings.
struct WhiteNoise {
  WhiteNoise(std::int64_t width, std::int64_t height, std::uint64_t seed);

  Spectrum spectrum;
  RingSums sums;
};

// The noise on which a run measures its micrographs: the same for all of one size, and made once.
// For several threads, which wait for one that makes what they need.
class WhiteNoises {
 public:
  std::shared_ptr<const WhiteNoise> of(std::int64_t width, std::int64_t height, std::uint64_t seed);

 private:
  std::mutex mutex_;
  std::map<std::tuple<std::int64_t, std::int64_t, std::uint64_t>, std::shared_ptr<const WhiteNoise>>
      made_;
};

}  // namespace limpid
