#pragma once

#include "core/base/log.h"

#include <mutex>
#include <string>
#include <string_view>

namespace limpid::test {

// Collects the warnings of the library while it lives.
class CapturedLog {
 public:
  CapturedLog() {
    set_log_sink([this](LogLevel level, std::string_view message) {
      const std::lock_guard lock(mutex_);
      if (level == LogLevel::warning)
        warnings_ += std::string(message) + '\n';
    });
  }
  CapturedLog(const CapturedLog&) = delete;
  CapturedLog& operator=(const CapturedLog&) = delete;
  ~CapturedLog() { set_log_sink({}); }

  // One a line.
  const std::string& warnings() const { return warnings_; }

 private:
  std::mutex mutex_;
  std::string warnings_;
};

}  // namespace limpid::test
