#pragma once

#include "core/data/pair_source.h"
#include "core/data/prepared_dataset.h"

#include <memory>
#include <string>

namespace limpid {

// Where a patch of a dataset comes from.
struct PatchOrigin {
  PatchSetKind set = PatchSetKind::train;
  std::int64_t number = 0;  // in the files of the set
  const PatchedMicrograph* micrograph = nullptr;
  std::int64_t x_px = 0;
  std::int64_t y_px = 0;
};

// Of patch `index`, counted over the training patches and then those of the test set.
PatchOrigin origin_of_patch(const PreparedDataset& dataset, std::int64_t index);

// Every patch is a pair: first those to train on, then those of the test set. Nothing is kept in
// memory; load() reads the bytes of one patch. Patches without a stored input get their noise when
// they are used. Throws Error(usage) when a file cannot be opened.
std::unique_ptr<PairSource> make_prepared_pairs(const std::string& folder, PreparedDataset dataset);

}  // namespace limpid
