#include "plugin/training/known_noise.h"

#include "core/base/error.h"
#include "plugin/denoise/weighted_noise.h"
#include "plugin/trust/trust_window.h"

#include <algorithm>
#include <cstdint>

namespace limpid {
namespace {

constexpr std::int64_t most_micrographs = 12;
constexpr std::int64_t most_movies = 2;

bool looks_weighted(const TrainingPairs& pairs, std::int64_t index) {
  try {
    const Image window = trust_window(pairs.source->load(index).input);
    return measure_weighting_dose(window, *pairs.smallest_pixel_size_angstrom).has_value();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::input)
      throw;
    return false;
  }
}

}  // namespace

bool teaches_weighted_noise(const TrainingPairs& pairs) {
  const bool is_recorded = pairs.kind == PairKind::halves || pairs.kind == PairKind::movies ||
                           pairs.kind == PairKind::single;
  if (!is_recorded || !pairs.smallest_pixel_size_angstrom)
    return false;
  const std::int64_t count = pairs.source->count();
  const std::int64_t wanted =
      std::min(count, pairs.kind == PairKind::movies ? most_movies : most_micrographs);
  for (std::int64_t i = 0; i < wanted; ++i)
    if (looks_weighted(pairs, i * count / wanted))
      return true;
  return false;
}

}  // namespace limpid
