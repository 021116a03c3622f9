#include "core/base/parallel.h"

#include <algorithm>
#include <exception>
#include <mutex>
#include <omp.h>

namespace limpid {

void set_thread_count(int count) {
  omp_set_num_threads(count > 0 ? count : omp_get_num_procs());
}

int thread_count() {
  return omp_get_max_threads();
}

void parallel_for(std::int64_t count,
                  std::int64_t grain,
                  const std::function<void(std::int64_t begin, std::int64_t end)>& body) {
  if (count <= 0)
    return;
  const std::int64_t wanted = (count + grain - 1) / std::max<std::int64_t>(grain, 1);
  const std::int64_t pieces = std::min<std::int64_t>(wanted, std::int64_t{4} * thread_count());
  if (pieces <= 1 || omp_in_parallel()) {
    body(0, count);
    return;
  }
  std::exception_ptr error;
  std::mutex error_mutex;
#pragma omp parallel for schedule(dynamic, 1)
  for (std::int64_t piece = 0; piece < pieces; ++piece) {
    try {
      body(count * piece / pieces, count * (piece + 1) / pieces);
    } catch (...) {
      std::lock_guard lock(error_mutex);
      if (!error)
        error = std::current_exception();
    }
  }
  if (error)
    std::rethrow_exception(error);
}

}  // namespace limpid
