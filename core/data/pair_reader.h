#pragma once

#include "core/base/ordered_queue.h"
#include "core/base/recycler.h"
#include "core/data/loader_plan.h"
#include "core/data/pair_source.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace limpid {

// Reads whole micrographs ahead of their use, in the order of a schedule, by threads of its own. As
// many as the plan says exist in the host's memory at a time, and that memory is used again.
//
// A pair that cannot be used is replaced by the next that can, with a warning, so that what a load
// yields depends on the files alone. Error(input) when more than the allowed share, or all, are
// unusable.
class PairReader {
 public:
  // Begins with load number `first_load`; all remaining ones follow if the plan is to stream, else
  // as many as there are micrographs.
  PairReader(const PairSource& source,
             const LoaderPlan& plan,
             const LoaderOptions& options,
             std::int64_t first_load);
  ~PairReader();
  PairReader(const PairReader&) = delete;
  PairReader& operator=(const PairReader&) = delete;

  using PairPointer = std::shared_ptr<const ImagePair>;

  // Waits for the pair of a load; to be asked for in ascending order. Null once closed, or when the
  // options ask to stop.
  PairPointer take(std::int64_t load);
  void close();

 private:
  void read();
  struct Load {
    std::int64_t number = 0;
    std::int64_t index = 0;           // of the pair that the schedule asks for
    std::shared_ptr<ImagePair> pair;  // memory for it; null when there is nothing more to load
  };
  Load begin_load();
  void load_or_replace(Load& load);
  void load_checked(std::int64_t index, ImagePair& pair) const;
  void note_failure(std::int64_t index, const Error& error);

  const PairSource& source_;
  const LoaderOptions options_;
  const PatchSchedule schedule_;
  int threads_per_read_ = 1;
  std::int64_t end_load_;
  Recycler<ImagePair> memory_;
  OrderedQueue<PairPointer> pairs_;
  std::mutex begin_mutex_;
  std::int64_t next_load_;
  std::int64_t epoch_ = -1;  // of `order_`, the permutation in use
  std::vector<std::int64_t> order_;
  std::mutex failure_mutex_;
  std::set<std::int64_t> failed_;  // indices of pairs
  std::string last_failure_;
  std::vector<std::thread> threads_;
};

}  // namespace limpid
