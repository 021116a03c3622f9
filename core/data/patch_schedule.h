#pragma once

#include <cstdint>
#include <vector>

namespace limpid {

// Which micrographs lie in memory at which step, and what is cut from them: pure functions of the
// seed and the step, so that training can stop and go on anywhere with the same batches, whatever
// the number of threads.
//
// At any time `slots` micrographs are in memory. Load number j brings the micrograph at place
// j mod count of the j / count-th permutation into slot j mod slots. The first `slots` loads happen
// before step 0; then one slot is renewed after every `crops_per_load` crops. When all micrographs
// fit in memory nothing is renewed.
//
// Micrographs that are made as they are needed come in order instead, and fewer may be in memory at
// the beginning: then a load fills the next slot until there is none left to fill, so that the
// training need not wait for all of them.
struct PatchSchedule {
  std::uint64_t seed = 0;
  std::int64_t count = 1;  // of micrographs
  std::int64_t slots = 1;  // at most count
  std::int64_t crops_per_step = 1;
  std::int64_t crops_per_load = 1;
  bool is_endless = false;       // micrograph j belongs to load j
  std::int64_t first_slots = 0;  // filled before step 0, of endless ones; 0: all

  // Loads that have happened when step `step` runs.
  std::int64_t loads_before(std::int64_t step) const;
  // The first of those whose micrographs are in memory then.
  std::int64_t oldest_load_at(std::int64_t step) const;
  // Slots that hold a micrograph then.
  std::int64_t filled_slots_at(std::int64_t step) const;
  // Which permutation load number `load` belongs to.
  std::int64_t epoch_of_load(std::int64_t load) const { return load / count; }
  // Micrograph of load number `load`. Costs a permutation unless they are endless.
  std::int64_t micrograph_of_load(std::int64_t load) const;
};

// A random order of 0 .. count - 1 (Fisher-Yates), a function of seed and epoch.
std::vector<std::int64_t> permutation(std::int64_t count, std::uint64_t seed, std::int64_t epoch);

// One crop of a batch.
struct PatchChoice {
  std::int64_t slot = 0;
  double x_fraction = 0;  // place of the corner in what the image's size allows, 0 to 1
  double y_fraction = 0;
  int orientation = 0;     // 0..7: bit 0 mirrors x, bit 1 mirrors y, bit 2 transposes
  bool exchanged = false;  // input and target, for symmetric pairs
};

// The corner of a patch along a side of its micrograph.
std::int64_t corner_px(double fraction, std::int64_t side_px, std::int64_t patch_size_px);

// Stream of random numbers for the noise of crop `index` of a step.
std::uint64_t noise_stream_of(std::int64_t step, std::int64_t index);

PatchChoice choose_patch(const PatchSchedule& schedule, std::int64_t step, std::int64_t index);

}  // namespace limpid
