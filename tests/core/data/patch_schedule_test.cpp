#include "core/data/patch_schedule.h"

#include "tests/support/catch.h"

#include <algorithm>
#include <set>

using namespace limpid;

TEST_CASE("patch schedule: every epoch visits every micrograph once, in its own order") {
  const PatchSchedule schedule{.seed = 3, .count = 50, .slots = 8};
  std::vector<std::int64_t> first, second;
  for (std::int64_t load = 0; load < 50; ++load) {
    first.push_back(schedule.micrograph_of_load(load));
    second.push_back(schedule.micrograph_of_load(50 + load));
  }
  CHECK(std::set<std::int64_t>(first.begin(), first.end()).size() == 50);
  CHECK(std::set<std::int64_t>(second.begin(), second.end()).size() == 50);
  CHECK(first != second);
  CHECK(permutation(50, 3, 0) == first);
  CHECK(permutation(50, 4, 0) != first);
}

TEST_CASE("patch schedule: one slot is renewed every few steps, none when all fit") {
  const PatchSchedule streaming{
      .seed = 3, .count = 50, .slots = 8, .crops_per_step = 2, .crops_per_load = 8};
  CHECK(streaming.loads_before(0) == 8);
  CHECK(streaming.loads_before(3) == 8);
  CHECK(streaming.loads_before(4) == 9);
  CHECK(streaming.loads_before(400) == 108);
  const PatchSchedule small{
      .seed = 3, .count = 50, .slots = 8, .crops_per_step = 6, .crops_per_load = 4};
  CHECK(small.loads_before(1) == 9);
  CHECK(small.loads_before(2) == 11);
  const PatchSchedule resident{
      .seed = 3, .count = 8, .slots = 8, .crops_per_step = 2, .crops_per_load = 8};
  CHECK(resident.loads_before(100000) == 8);
}

TEST_CASE("patch schedule: crops are a function of seed, step and index, spread evenly") {
  const PatchSchedule schedule{
      .seed = 3, .count = 50, .slots = 8, .crops_per_step = 2, .crops_per_load = 8};
  std::vector<int> slots(8, 0), orientations(8, 0);
  double x_sum = 0;
  constexpr int steps = 2000;
  for (std::int64_t step = 0; step < steps; ++step)
    for (std::int64_t i = 0; i < 4; ++i) {
      const PatchChoice choice = choose_patch(schedule, step, i);
      ++slots[static_cast<std::size_t>(choice.slot)];
      ++orientations[static_cast<std::size_t>(choice.orientation)];
      x_sum += choice.x_fraction;
    }
  // 1000 expected in each; five standard deviations.
  for (const auto& counts : {slots, orientations}) {
    CHECK(*std::min_element(counts.begin(), counts.end()) > 850);
    CHECK(*std::max_element(counts.begin(), counts.end()) < 1150);
  }
  CHECK(x_sum / (4 * steps) == Approx(0.5).margin(0.02));
  CHECK(choose_patch(schedule, 77, 2).x_fraction == choose_patch(schedule, 77, 2).x_fraction);
  CHECK(choose_patch(schedule, 77, 2).x_fraction != choose_patch(schedule, 78, 2).x_fraction);
}

TEST_CASE(
    "patch schedule: micrographs that are made come in order and fill the memory one by one") {
  const PatchSchedule schedule{.seed = 3,
                               .count = 1000000,
                               .slots = 8,
                               .crops_per_step = 2,
                               .crops_per_load = 4,
                               .is_endless = true,
                               .first_slots = 3};
  CHECK(schedule.micrograph_of_load(0) == 0);
  CHECK(schedule.micrograph_of_load(777) == 777);
  CHECK(schedule.loads_before(0) == 3);
  CHECK(schedule.filled_slots_at(0) == 3);
  CHECK(schedule.loads_before(10) == 8);
  CHECK(schedule.filled_slots_at(8) == 7);
  CHECK(schedule.filled_slots_at(40) == 8);
  CHECK(schedule.oldest_load_at(0) == 0);
  CHECK(schedule.oldest_load_at(10) == 0);
  CHECK(schedule.oldest_load_at(40) == 15);
  std::set<std::int64_t> used;
  for (std::int64_t step = 0; step < 60; ++step)
    for (std::int64_t i = 0; i < 2; ++i) {
      const std::int64_t slot = choose_patch(schedule, step, i).slot;
      CHECK(slot < schedule.filled_slots_at(step));
      used.insert(slot);
    }
  CHECK(used.size() == 8);
}
