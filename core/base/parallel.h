#pragma once

#include <cstdint>
#include <functional>

namespace limpid {

// Number of threads that parallel_for and the CPU backend use in the calling thread. 0 selects the
// processors that this process may run on.
void set_thread_count(int count);
int thread_count();

// Calls body(begin, end) for disjoint ranges that cover [0, count), at least `grain` items each, on
// thread_count() threads, and waits. Rethrows the first exception. Which thread gets which range
// never changes a result.
void parallel_for(std::int64_t count,
                  std::int64_t grain,
                  const std::function<void(std::int64_t begin, std::int64_t end)>& body);

}  // namespace limpid
