#pragma once

#include "core/backend/backend.h"
#include "core/data/patch_loader.h"
#include "core/train/device_loader.h"

#include <memory>

namespace limpid {

// What one step learns from; one of the two is set.
struct TrainingBatch {
  std::shared_ptr<const Batch> host;
  std::shared_ptr<const DeviceBatch> device;

  bool is_empty() const { return !host && !device; }
};

// The batches of a training, made where the plan says.
class TrainingFeed {
 public:
  TrainingFeed(Backend& backend,
               const PairSource& source,
               const LoaderOptions& options,
               const LoaderPlan& plan);

  // The batch of the next step; waits for it.
  TrainingBatch next();

 private:
  std::unique_ptr<PatchLoader> host_;
  std::unique_ptr<DeviceLoader> device_;
};

// What micrographs may take of a GPU's memory once the network is there; the rest is for what its
// first step adds.
std::size_t room_for_micrographs(const Backend& backend);

}  // namespace limpid
