#pragma once

#include "core/data/pair_source.h"
#include "plugin/job.h"
#include "plugin/micrographs/micrograph_table.h"

#include <memory>
#include <optional>
#include <string>

namespace limpid {

// What a training learns from.
struct TrainingPairs {
  std::unique_ptr<PairSource> source;
  PairKind kind = PairKind::halves;  // never automatic
  std::string description;           // for people: "even and odd halves of 12 micrographs"
  // Of the micrographs, from the list or else from the files; empty when unknown.
  std::optional<double> smallest_pixel_size_angstrom;
  std::optional<double> largest_pixel_size_angstrom;
};

// Throws Error(usage) when the kind asked for does not exist for these micrographs.
TrainingPairs find_training_pairs(const TrainJob& job);

const char* name(PairKind kind);
// Throws Error(usage).
PairKind pair_kind_from_name(const std::string& name);

}  // namespace limpid
