#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>

namespace limpid {

enum class DenoiseStage : std::size_t { read, denoise, network, measure, write };

// Where the time of a run goes: seconds of each stage, of all threads together.
class StageTimes {
 public:
  void add(DenoiseStage stage, double seconds) {
    const std::lock_guard lock(mutex_);
    seconds_[static_cast<std::size_t>(stage)] += seconds;
  }

  template <class Function>
  void measure(DenoiseStage stage, const Function& function) {
    const auto begin = std::chrono::steady_clock::now();
    function();
    add(stage, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }

  double seconds(DenoiseStage stage) const {
    const std::lock_guard lock(mutex_);
    return seconds_[static_cast<std::size_t>(stage)];
  }

 private:
  mutable std::mutex mutex_;
  std::array<double, 5> seconds_{};
};

}  // namespace limpid
