#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <utility>

namespace limpid {

// Blocking queue between threads that holds at most `capacity` items, so that a fast producer waits
// instead of filling the memory. A producer's failure travels through it: close_with_error() makes
// pop() throw it.
template <class Item>
class BoundedQueue {
 public:
  explicit BoundedQueue(std::size_t capacity) : capacity_(capacity) {}

  // Waits for room. Returns false, dropping the item, once the queue is closed.
  bool push(Item item) {
    std::unique_lock lock(mutex_);
    has_room_.wait(lock, [&] { return items_.size() < capacity_ || closed_; });
    if (closed_)
      return false;
    items_.push_back(std::move(item));
    has_item_.notify_one();
    return true;
  }

  // Waits for an item. Returns nothing once the queue is closed and empty; rethrows the error it
  // was closed with.
  std::optional<Item> pop() {
    std::unique_lock lock(mutex_);
    has_item_.wait(lock, [&] { return !items_.empty() || closed_; });
    if (error_)
      std::rethrow_exception(error_);
    if (items_.empty())
      return std::nullopt;
    std::optional<Item> item(std::move(items_.front()));
    items_.pop_front();
    has_room_.notify_one();
    return item;
  }

  // No more items will come; those inside are still delivered.
  void close() {
    std::lock_guard lock(mutex_);
    closed_ = true;
    has_item_.notify_all();
    has_room_.notify_all();
  }

  void close_with_error(std::exception_ptr error) {
    std::lock_guard lock(mutex_);
    if (!error_)
      error_ = std::move(error);
    closed_ = true;
    has_item_.notify_all();
    has_room_.notify_all();
  }

 private:
  std::size_t capacity_;
  std::deque<Item> items_;
  std::mutex mutex_;
  std::condition_variable has_room_;
  std::condition_variable has_item_;
  std::exception_ptr error_;
  bool closed_ = false;
};

}  // namespace limpid
