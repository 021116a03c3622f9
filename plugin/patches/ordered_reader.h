#pragma once

#include "core/base/ordered_queue.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <semaphore>
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
      : count_(count),
        read_(std::move(read)),
        room_(
            static_cast<std::ptrdiff_t>(std::min<std::int64_t>(count, std::max(thread_count, 1)))) {
    const auto threads = std::min<std::int64_t>(count, std::max(thread_count, 1));
    for (std::int64_t i = 0; i < threads; ++i)
      threads_.emplace_back([this] { work(); });
  }
  OrderedReader(const OrderedReader&) = delete;
  OrderedReader& operator=(const OrderedReader&) = delete;
  ~OrderedReader() {
    is_stopped_ = true;
    room_.release(static_cast<std::ptrdiff_t>(threads_.size()));
    for (std::thread& thread : threads_)
      thread.join();
  }

  // The next result; rethrows what its read() threw. To be called `count` times at most.
  Result next() {
    Outcome outcome = std::move(*finished_.take(delivered_++));
    room_.release();
    if (outcome.error)
      std::rethrow_exception(outcome.error);
    return std::move(outcome.result);
  }

 private:
  struct Outcome {
    Result result;
    std::exception_ptr error;
  };

  void work() {
    for (;;) {
      room_.acquire();
      const std::int64_t index = begun_++;
      if (is_stopped_ || index >= count_)
        return;
      Outcome outcome;
      try {
        outcome.result = read_(index);
      } catch (...) {
        outcome.error = std::current_exception();
      }
      finished_.put(index, std::move(outcome));
    }
  }

  std::int64_t count_;
  std::function<Result(std::int64_t)> read_;
  std::counting_semaphore<> room_;  // for results
  std::atomic<std::int64_t> begun_ = 0;
  std::atomic<bool> is_stopped_ = false;
  OrderedQueue<Outcome> finished_;
  std::int64_t delivered_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace limpid
