#pragma once

#include "core/backend/backend.h"
#include "core/data/pair_source.h"
#include "core/nn/model.h"
#include "plugin/drawing/comparison.h"

#include <cstdint>
#include <optional>

namespace limpid {

// What a trained model makes of the middle of a micrograph that it did not learn from, at most 1024
// pixels a side: of the mean of the halves where there are two, beside the truth where there is
// one. Nothing, with a warning, if the pair cannot be read.
std::optional<ComparisonPicture> example_picture(Backend& backend,
                                                 const Model& model,
                                                 const PairSource& pairs,
                                                 std::int64_t index,
                                                 bool target_is_truth);

}  // namespace limpid
