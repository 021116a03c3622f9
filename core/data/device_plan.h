#pragma once

#include "core/data/loader_plan.h"

#include <optional>
#include <string>

namespace limpid {

// A part of plan_loader(). With micrographs in the memory of a GPU the host holds those that are
// being read, and no batches. All lie there if they fit; else as many as options.memory_bytes would
// hold, so that the batches follow from --memory and not from the card. Empty when there is no room
// for a single one, or no GPU.
std::optional<LoaderPlan> plan_on_device(const DatasetCost& dataset, const LoaderOptions& options);

std::string describe_on_device(const LoaderPlan& plan);

}  // namespace limpid
