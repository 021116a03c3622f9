#pragma once

#include "plugin/denoise/denoised_item.h"

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>

namespace limpid {

// Gives the items of a run to several threads and numbers them from 0 on, in the order in which
// they come.
class NumberedItems {
 public:
  struct Numbered {
    std::int64_t number = 0;
    DenoiseItem item;
  };

  NumberedItems(NextDenoiseItem next, std::function<bool()> is_over)
      : next_(std::move(next)), is_over_(std::move(is_over)) {}

  // Waits for the next item, which take() will give, and shows it.
  const DenoiseItem* look() {
    const std::lock_guard lock(mutex_);
    if (!ahead_)
      ahead_ = ask();
    return ahead_ ? &*ahead_ : nullptr;
  }

  // Nothing once there are no more, or the run is over.
  std::optional<Numbered> take() {
    const std::lock_guard lock(mutex_);
    if (!ahead_)
      ahead_ = ask();
    if (!ahead_ || is_over_())
      return std::nullopt;
    Numbered numbered{count_++, std::move(*ahead_)};
    ahead_.reset();
    return numbered;
  }

  // That were given.
  std::int64_t count() const {
    const std::lock_guard lock(mutex_);
    return count_;
  }

 private:
  std::optional<DenoiseItem> ask() {
    if (has_ended_ || is_over_())
      return std::nullopt;
    std::optional<DenoiseItem> item;
    try {
      item = next_(is_over_);
    } catch (...) {
      has_ended_ = true;
      throw;
    }
    has_ended_ = !item.has_value();
    return item;
  }

  const NextDenoiseItem next_;
  const std::function<bool()> is_over_;
  mutable std::mutex mutex_;
  std::optional<DenoiseItem> ahead_;
  std::int64_t count_ = 0;
  bool has_ended_ = false;
};

}  // namespace limpid
