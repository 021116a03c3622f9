#pragma once

#include "core/backend/backend.h"
#include "core/base/bounded_queue.h"
#include "core/base/recycler.h"
#include "core/data/loader_plan.h"
#include "core/data/pair_reader.h"
#include "core/data/patch_schedule.h"

#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

namespace limpid {

// A pair of training images in the memory of a backend (core/data/pair_source.h).
struct DevicePair {
  Tensor input;
  Tensor target;  // may be the input
  float loss_weight = 1.0f;
  bool symmetric = false;
  NoiseModel noise;
  float noise_mean = 0.0f;
  float noise_sigma = 1.0f;
  std::shared_ptr<Storage> memory;
};

// The crops of one step, to be made by the backend. Whoever holds it keeps the micrographs that
// they are cut from in memory: until the step has run, no longer.
struct DeviceBatch {
  std::vector<Crop> crops;
  std::vector<std::shared_ptr<const DevicePair>> pairs;
  std::uint64_t seed = 0;
};

// Does what PatchLoader does, with equal bits, for micrographs in the memory of a backend: each is
// uploaded once for many crops, beside the work of the backend, and a batch is a list of places. In
// stream mode all of that memory is taken at the start.
class DeviceLoader {
 public:
  // `plan` is on the device. Throws as PatchLoader does, and Error(device).
  DeviceLoader(Backend& backend,
               const PairSource& source,
               const LoaderOptions& options,
               const LoaderPlan& plan);
  ~DeviceLoader();
  DeviceLoader(const DeviceLoader&) = delete;
  DeviceLoader& operator=(const DeviceLoader&) = delete;

  // The batch of the next step; waits for it. A caller holds on to two batches besides at most.
  std::shared_ptr<const DeviceBatch> next();

 private:
  void take_memory(const LoaderPlan& plan);
  void read_first();
  void prepare_ahead();
  // Waits for the pair of a load; false when there will be none.
  bool renew_slot(std::int64_t load);
  void upload(const ImagePair& from, DevicePair& to);
  std::shared_ptr<const DeviceBatch> make_batch(std::int64_t step) const;

  Backend& backend_;
  LoaderOptions options_;
  PatchSchedule schedule_;
  PairReader reader_;
  std::unique_ptr<Uploader> uploader_;
  Recycler<DevicePair> memory_;
  std::vector<std::shared_ptr<const DevicePair>> slots_;
  BoundedQueue<std::shared_ptr<const DeviceBatch>> batches_{4};
  std::thread preparer_;
};

}  // namespace limpid
