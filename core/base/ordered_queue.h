#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

namespace limpid {

// Numbered items that several threads finish in any order and one takes in the order of their
// numbers. It never waits for room: what bounds it is the memory that the items are made in
// (recycler.h). A producer's failure travels through it, as through a BoundedQueue.
template <class Item>
class OrderedQueue {
 public:
  void put(std::int64_t number, Item item) {
    std::lock_guard lock(mutex_);
    if (closed_)
      return;
    items_.emplace(number, std::move(item));
    has_item_.notify_all();
  }

  // Waits for the item of this number. Returns nothing once the queue is closed; rethrows the error
  // it was closed with. `is_cancelled` is asked from time to time and ends the waiting as well.
  std::optional<Item> take(std::int64_t number, const std::function<bool()>& is_cancelled = {}) {
    std::unique_lock lock(mutex_);
    const auto is_over = [&] { return closed_ || items_.contains(number); };
    while (!has_item_.wait_for(lock, std::chrono::milliseconds(50), is_over))
      if (is_cancelled && is_cancelled())
        return std::nullopt;
    if (error_)
      std::rethrow_exception(error_);
    const auto found = items_.find(number);
    if (found == items_.end())
      return std::nullopt;
    std::optional<Item> item(std::move(found->second));
    items_.erase(found);
    return item;
  }

  // No more items will come or be taken.
  void close(std::exception_ptr error = nullptr) {
    std::map<std::int64_t, Item> dropped;  // destroyed without the lock
    std::lock_guard lock(mutex_);
    if (!closed_)
      error_ = std::move(error);
    closed_ = true;
    items_.swap(dropped);
    has_item_.notify_all();
  }

 private:
  std::map<std::int64_t, Item> items_;
  std::mutex mutex_;
  std::condition_variable has_item_;
  std::exception_ptr error_;
  bool closed_ = false;
};

}  // namespace limpid
