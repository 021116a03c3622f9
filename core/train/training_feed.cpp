#include "core/train/training_feed.h"

#include <algorithm>

namespace limpid {

TrainingFeed::TrainingFeed(Backend& backend,
                           const PairSource& source,
                           const LoaderOptions& options,
                           const LoaderPlan& plan) {
  if (plan.is_on_device())
    device_ = std::make_unique<DeviceLoader>(backend, source, options, plan);
  else
    host_ = std::make_unique<PatchLoader>(source, options, plan);
}

TrainingBatch TrainingFeed::next() {
  if (device_)
    return {.host = nullptr, .device = device_->next()};
  return {.host = host_->next(), .device = nullptr};
}

// Convolutions take up to 4 GiB of scratch memory, and no more than half of what they find free.
std::size_t room_for_micrographs(const Backend& backend) {
  constexpr std::size_t most_left_bytes = std::size_t{9} << 30;
  const std::size_t free_bytes = backend.free_memory_bytes();
  return free_bytes - std::min(most_left_bytes, free_bytes / 2);
}

}  // namespace limpid
