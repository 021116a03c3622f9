#include "plugin/training/training_halves.h"

#include "core/base/error.h"

#include <algorithm>
#include <cstdint>

namespace limpid {
namespace {

constexpr std::int64_t most_movies = 2;  // they take long to add up

}  // namespace

HalfCheck check_halves(const TrainingPairs& pairs) {
  if (!pairs.read_halves)
    return {};
  const std::int64_t count = pairs.source->count();
  const std::int64_t wanted =
      std::min(count, pairs.kind == PairKind::movies ? most_movies : most_checked_micrographs);
  SharedNoiseTest test(pairs.largest_pixel_size_angstrom.value_or(1.0));
  for (std::int64_t i = 0; i < wanted; ++i)
    try {
      const MovieHalves halves = pairs.read_halves(i * count / wanted);
      test.add({halves.even, halves.odd});
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::input)
        throw;
    }
  return {.micrograph_count = test.micrograph_count(), .noise = test.result()};
}

}  // namespace limpid
