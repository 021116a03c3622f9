#pragma once

#include "core/data/pair_source.h"
#include "plugin/job/job.h"
#include "plugin/training/exposers.h"
#include "plugin/training/training_pairs.h"

#include <cstdint>
#include <memory>

namespace limpid {

// The first micrographs of a seed validate; the training goes through those that follow.
inline constexpr std::int64_t physics_validation_count = 16;
// As many new micrographs make an epoch.
inline constexpr std::int64_t physics_epoch_count = 1000;

// Micrographs `first`, `first` + 1, ... of a seed, with their truth: those that `limpid simulate
// --diverse` writes for that seed and size, made when they are asked for. Pairs are equal to what
// make_truth_pairs() reads from its files in float32, but for rounding where `exposers` make the
// images.
std::unique_ptr<PairSource> make_physics_pairs(const PhysicsOptions& options,
                                               std::uint64_t seed,
                                               std::int64_t first,
                                               std::shared_ptr<Exposers> exposers);

// All micrographs of the job's seed. Throws Error(usage) when micrographs are given, too, or those
// asked for are smaller than `smallest_side_px`.
TrainingPairs find_physics_pairs(const TrainJob& job, std::int64_t smallest_side_px);

}  // namespace limpid
