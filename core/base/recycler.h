#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <utility>

namespace limpid {

// A fixed number of large objects that are used again and again: taking memory from the system for
// each of them costs more than filling it, and a limit on the objects is one on the memory. They
// take turns, so that all are in use soon and none grows late.
template <class Object>
class Recycler {
 public:
  explicit Recycler(std::int64_t count) : shelf_(std::make_shared<Shelf>()) {
    for (std::int64_t i = 0; i < count; ++i)
      shelf_->objects.push_back(std::make_unique<Object>());
  }

  // Waits for an object that nobody uses, with the content of its last use; its last owner gives it
  // back. Returns null once closed. Objects may outlive the recycler.
  std::shared_ptr<Object> take() {
    std::unique_lock lock(shelf_->mutex);
    shelf_->has_object.wait(lock, [&] { return !shelf_->objects.empty() || shelf_->closed; });
    if (shelf_->closed)
      return nullptr;
    Object* const object = shelf_->objects.front().release();
    shelf_->objects.pop_front();
    return std::shared_ptr<Object>(object, [shelf = shelf_](Object* used) {
      std::lock_guard guard(shelf->mutex);
      shelf->objects.emplace_back(used);
      shelf->has_object.notify_one();
    });
  }

  void close() {
    std::lock_guard lock(shelf_->mutex);
    shelf_->closed = true;
    shelf_->has_object.notify_all();
  }

 private:
  struct Shelf {
    std::deque<std::unique_ptr<Object>> objects;
    std::mutex mutex;
    std::condition_variable has_object;
    bool closed = false;
  };

  std::shared_ptr<Shelf> shelf_;
};

}  // namespace limpid
