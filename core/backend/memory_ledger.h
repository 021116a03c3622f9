#pragma once

#include <algorithm>
#include <cstddef>
#include <mutex>

namespace limpid {

// Counts what was taken of a memory, and refuses what would exceed a limit.
class MemoryLedger {
 public:
  // 0: no limit.
  void set_limit(std::size_t limit_bytes) {
    const std::lock_guard lock(mutex_);
    limit_bytes_ = limit_bytes;
  }
  std::size_t limit_bytes() const {
    const std::lock_guard lock(mutex_);
    return limit_bytes_;
  }
  // Whether this much may be taken; if so it counts as taken.
  bool take(std::size_t size_bytes) {
    const std::lock_guard lock(mutex_);
    if (limit_bytes_ > 0 && taken_bytes_ + size_bytes > limit_bytes_)
      return false;
    taken_bytes_ += size_bytes;
    return true;
  }
  void give_back(std::size_t size_bytes) {
    const std::lock_guard lock(mutex_);
    taken_bytes_ -= size_bytes;
  }
  std::size_t taken_bytes() const {
    const std::lock_guard lock(mutex_);
    return taken_bytes_;
  }
  // What may still be taken of memory of which so much is free.
  std::size_t available_bytes(std::size_t free_bytes) const {
    const std::lock_guard lock(mutex_);
    if (limit_bytes_ == 0)
      return free_bytes;
    return std::min(free_bytes, limit_bytes_ - std::min(taken_bytes_, limit_bytes_));
  }

 private:
  mutable std::mutex mutex_;
  std::size_t limit_bytes_ = 0;
  std::size_t taken_bytes_ = 0;
};

}  // namespace limpid
