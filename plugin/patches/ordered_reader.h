#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace limpid {

// Calls read(0), read(1), ... in several threads and hands the results out in this order, so that
// what is made from them does not depend on the number of threads. At most `thread_count` results
// are being made or waiting at any time.
template <class Result>
class OrderedReader {
 public:
  OrderedReader(std::int64_t count, int thread_count, std::function<Result(std::int64_t)> read)
      : count_(count), read_(std::move(read)) {
    const auto threads = std::min<std::int64_t>(count, std::max(thread_count, 1));
    window_ = threads;
    for (std::int64_t i = 0; i < threads; ++i)
      threads_.emplace_back([this] { work(); });
  }
  OrderedReader(const OrderedReader&) = delete;
  OrderedReader& operator=(const OrderedReader&) = delete;
  ~OrderedReader() {
    {
      std::lock_guard lock(mutex_);
      is_stopped_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_)
      thread.join();
  }

  // The next result; rethrows what its read() threw. To be called `count` times at most.
  Result next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return finished_.contains(delivered_); });
    auto node = finished_.extract(delivered_++);
    changed_.notify_all();
    if (node.mapped().error)
      std::rethrow_exception(node.mapped().error);
    return std::move(node.mapped().result);
  }

 private:
  struct Outcome {
    Result result;
    std::exception_ptr error;
  };

  void work() {
    for (;;) {
      std::int64_t index = 0;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(
            lock, [&] { return is_stopped_ || begun_ == count_ || begun_ < delivered_ + window_; });
        if (is_stopped_ || begun_ == count_)
          return;
        index = begun_++;
      }
      Outcome outcome;
      try {
        outcome.result = read_(index);
      } catch (...) {
        outcome.error = std::current_exception();
      }
      std::lock_guard lock(mutex_);
      finished_.emplace(index, std::move(outcome));
      changed_.notify_all();
    }
  }

  std::int64_t count_;
  std::int64_t window_ = 1;
  std::function<Result(std::int64_t)> read_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::int64_t, Outcome> finished_;
  std::int64_t begun_ = 0;
  std::int64_t delivered_ = 0;
  bool is_stopped_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace limpid
