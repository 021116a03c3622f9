#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace limpid {

// Up to a number of large objects that are used again and again, made when one is asked for and
// none is free: one at a time, for what takes so long to make that several would only be in each
// other's way. Whoever waits for one that is being made gets another if that comes back before.
template <class Object>
class GrowingPool {
 public:
  using Make = std::function<std::unique_ptr<Object>()>;

  explicit GrowingPool(std::int64_t most) : shelf_(std::make_shared<Shelf>()) {
    shelf_->unmade_count = most;
  }

  // Its last owner gives it back; it may outlive the pool. Throws what `make` throws.
  std::shared_ptr<Object> take(const Make& make) {
    std::unique_lock lock(shelf_->mutex);
    shelf_->has_changed.wait(lock, [&] {
      return !shelf_->free.empty() || (shelf_->unmade_count > 0 && !shelf_->is_making);
    });
    std::unique_ptr<Object> object;
    if (shelf_->free.empty()) {
      object = make_one(make, lock);
    } else {
      object = std::move(shelf_->free.back());
      shelf_->free.pop_back();
    }
    return std::shared_ptr<Object>(object.release(), [shelf = shelf_](Object* used) {
      const std::lock_guard guard(shelf->mutex);
      shelf->free.emplace_back(used);
      shelf->has_changed.notify_all();
    });
  }

 private:
  struct Shelf {
    std::vector<std::unique_ptr<Object>> free;
    std::mutex mutex;
    std::condition_variable has_changed;
    std::int64_t unmade_count = 0;
    bool is_making = false;
  };

  std::unique_ptr<Object> make_one(const Make& make, std::unique_lock<std::mutex>& lock) {
    shelf_->is_making = true;
    --shelf_->unmade_count;
    lock.unlock();
    std::unique_ptr<Object> object;
    try {
      object = make();
    } catch (...) {
      lock.lock();
      shelf_->is_making = false;
      ++shelf_->unmade_count;
      shelf_->has_changed.notify_all();
      throw;
    }
    lock.lock();
    shelf_->is_making = false;
    shelf_->has_changed.notify_all();
    return object;
  }

  std::shared_ptr<Shelf> shelf_;
};

}  // namespace limpid
