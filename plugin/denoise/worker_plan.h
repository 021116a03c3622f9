#pragma once

#include <cstddef>
#include <cstdint>

namespace limpid {

// What decides how many micrographs are worked on at a time.
struct WorkerLimits {
  bool is_gpu = false;                 // the network does not need the processors of the host
  int threads = 1;                     // of the host, for one backend
  std::size_t image_bytes = 0;         // of a micrograph as float32
  std::int64_t images_per_worker = 1;  // the micrograph, and what is in memory beside it
  std::size_t reading_bytes = 0;       // what reading one takes beside that
  std::size_t memory_bytes = 0;        // of the host, for one backend
};

struct WorkerPlan {
  std::int64_t worker_count = 1;   // micrographs in memory at a time
  std::int64_t staging_count = 0;  // those of them that are on their way to a GPU and back
};

// On the CPU one micrograph is in the network while the next is read and the last is written.
// Beside a GPU every thread of the host can have a micrograph of its own, and some wait for the GPU.
// Both as far as the memory goes.
WorkerPlan plan_workers(const WorkerLimits& limits);

}  // namespace limpid
