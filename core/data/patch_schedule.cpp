#include "core/data/patch_schedule.h"

#include "core/base/random.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace limpid {
namespace {

// Streams of random numbers, apart from those of other users of the seed.
constexpr std::uint64_t permutation_stream = 0x1000000000000000ull;
constexpr std::uint64_t crop_stream = 0x2000000000000000ull;
constexpr std::uint64_t noise_stream = 0x3000000000000000ull;

std::uint64_t number_of_crop(std::int64_t step, std::int64_t index) {
  return (static_cast<std::uint64_t>(step) << 16) + static_cast<std::uint64_t>(index);
}

}  // namespace

std::int64_t PatchSchedule::loads_before(std::int64_t step) const {
  if (slots == count)
    return slots;
  const std::int64_t first = first_slots > 0 ? first_slots : slots;
  return first + step * crops_per_step / crops_per_load;
}

std::int64_t PatchSchedule::oldest_load_at(std::int64_t step) const {
  return std::max<std::int64_t>(0, loads_before(step) - slots);
}

std::int64_t PatchSchedule::filled_slots_at(std::int64_t step) const {
  return std::min(slots, loads_before(step));
}

std::int64_t PatchSchedule::micrograph_of_load(std::int64_t load) const {
  if (is_endless)
    return load % count;
  return permutation(count, seed, epoch_of_load(load))[static_cast<std::size_t>(load % count)];
}

std::vector<std::int64_t> permutation(std::int64_t count, std::uint64_t seed, std::int64_t epoch) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  RandomSequence random(seed, permutation_stream + static_cast<std::uint64_t>(epoch));
  for (std::int64_t i = count - 1; i > 0; --i)
    std::swap(order[static_cast<std::size_t>(i)],
              order[static_cast<std::size_t>(random.below(i + 1))]);
  return order;
}

std::int64_t corner_px(double fraction, std::int64_t side_px, std::int64_t patch_size_px) {
  return static_cast<std::int64_t>(fraction * static_cast<double>(side_px - patch_size_px + 1));
}

std::uint64_t noise_stream_of(std::int64_t step, std::int64_t index) {
  return noise_stream + number_of_crop(step, index);
}

PatchChoice choose_patch(const PatchSchedule& schedule, std::int64_t step, std::int64_t index) {
  RandomSequence random(schedule.seed, crop_stream + number_of_crop(step, index));
  PatchChoice choice;
  choice.slot = random.below(schedule.filled_slots_at(step));
  choice.x_fraction = random.uniform();
  choice.y_fraction = random.uniform();
  choice.orientation = static_cast<int>(random.below(8));
  choice.exchanged = random.below(2) == 1;
  return choice;
}

}  // namespace limpid
