#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <set>

namespace limpid {

// Lets threads that were given the numbers 0, 1, 2, ... do something in that order.
class Turns {
 public:
  // Of one number, which is over when this goes, whether it was waited for or not.
  class Turn {
   public:
    Turn(Turns& turns, std::int64_t number) : turns_(turns), number_(number) {}
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() { turns_.end(number_); }
    // Until all smaller numbers are over.
    void wait() { turns_.wait(number_); }

   private:
    Turns& turns_;
    std::int64_t number_;
  };

 private:
  void wait(std::int64_t number) {
    std::unique_lock lock(mutex_);
    has_moved_.wait(lock, [&] { return next_ == number; });
  }
  void end(std::int64_t number) {
    const std::lock_guard lock(mutex_);
    over_.insert(number);
    for (; over_.erase(next_) > 0; ++next_) {
    }
    has_moved_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable has_moved_;
  std::int64_t next_ = 0;
  std::set<std::int64_t> over_;  // of those behind next_
};

}  // namespace limpid
