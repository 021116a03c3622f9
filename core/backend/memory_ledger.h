#pragma once

#include <algorithm>
#include <cstddef>
#include <mutex>

namespace limpid {

// Counts what was taken of a memory, and refuses what would exceed a limit.
class MemoryLedger {
 public:
  // Of what is taken here and of what is in use besides, which is told and not taken; 0: no limit.
  void set_limit(std::size_t limit_bytes, std::size_t besides_bytes = 0) {
    const std::lock_guard lock(mutex_);
    limit_bytes_ = limit_bytes;
    besides_bytes_ = besides_bytes;
  }
  std::size_t limit_bytes() const {
    const std::lock_guard lock(mutex_);
    return limit_bytes_;
  }
  // Whether this much may be taken; if so it counts as taken.
  bool take(std::size_t size_bytes) {
    const std::lock_guard lock(mutex_);
    if (limit_bytes_ > 0 && in_use() + size_bytes > limit_bytes_)
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
  std::size_t besides_bytes() const {
    const std::lock_guard lock(mutex_);
    return besides_bytes_;
  }
  // What may still be taken of memory of which so much is free.
  std::size_t available_bytes(std::size_t free_bytes) const {
    const std::lock_guard lock(mutex_);
    if (limit_bytes_ == 0)
      return free_bytes;
    return std::min(free_bytes, limit_bytes_ - std::min(in_use(), limit_bytes_));
  }

 private:
  std::size_t in_use() const { return taken_bytes_ + besides_bytes_; }

  mutable std::mutex mutex_;
  std::size_t limit_bytes_ = 0;
  std::size_t taken_bytes_ = 0;
  std::size_t besides_bytes_ = 0;
};

}  // namespace limpid
