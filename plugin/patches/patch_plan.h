#pragma once

#include "core/data/pair_source.h"
#include "core/data/prepared_dataset.h"
#include "plugin/job/job.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace limpid {

// One micrograph of the list, whether it can be used or not.
struct PlannedMicrograph {
  std::string name;
  PairFiles files;
  PatchSetKind set = PatchSetKind::train;
  ImageSize size;
  std::int64_t columns = 0;
  std::int64_t rows = 0;
  std::optional<double> pixel_size_angstrom;
  std::string fingerprint;  // of the files, to notice that one was changed
  std::string problem;      // why it cannot be used, as far as its header tells; empty: it can

  std::int64_t patch_count() const { return columns * rows; }
};

// What a preparation makes from which micrograph, before a pixel is read.
struct PatchPlan {
  std::vector<PlannedMicrograph> micrographs;
  std::unique_ptr<PairSource> source;  // pair i belongs to micrograph i
  // The description of the result; its sets are still empty.
  PreparedDataset dataset;
  std::string settings;  // what a continuation must share

  std::int64_t patch_count(PatchSetKind set) const;
  std::int64_t micrograph_count(PatchSetKind set) const;
  std::uint64_t file_bytes(PatchSetKind set) const;  // of each file of the set
  std::uint64_t total_bytes() const;
  std::int64_t largest_pixel_count() const;
};

// Throws Error(usage) for a list that cannot be read or settings that do not fit each other, and
// Error(input) when no micrograph can be used.
PatchPlan plan_patches(const PrepareJob& job);

// Which of `count` micrographs are set aside: `wanted` of them or, below 1, that share, rounded
// down but at least one. A function of the seed. Throws Error(usage).
std::vector<bool> choose_test_set(std::int64_t count, double wanted, std::uint64_t seed);

// Of all files of a micrograph; another one when a file is replaced.
std::string fingerprint_of(const PairFiles& files);

}  // namespace limpid
