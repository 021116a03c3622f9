#include "plugin/training/known_noise.h"

#include "core/base/error.h"
#include "core/image/intensity.h"
#include "plugin/denoise/weighted_noise.h"
#include "plugin/trust/trust_window.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace limpid {
namespace {

constexpr std::int64_t most_micrographs = 12;
constexpr std::int64_t most_movies = 2;

// What will be denoised: of halves their sum, which tells more than one of them.
Image micrograph_of(const TrainingPairs& pairs, std::int64_t index) {
  if (!pairs.read_halves)
    return pairs.source->load(index).input;
  MovieHalves halves = pairs.read_halves(index);
  for (std::size_t i = 0; i < halves.even.pixels().size(); ++i)
    halves.even.pixels()[i] += halves.odd.pixels()[i];
  return std::move(halves.even);
}

bool looks_weighted(const TrainingPairs& pairs, std::int64_t index) {
  try {
    Image window = trust_window(micrograph_of(pairs, index));
    repair_non_finite(window);
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
