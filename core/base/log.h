#pragma once

#include <fmt/format.h>

#include <functional>
#include <string_view>
#include <utility>

namespace limpid {

enum class LogLevel { debug, info, warning, error };

// Receives every message of the library, possibly from several threads at once.
using LogSink = std::function<void(LogLevel, std::string_view)>;

// The program chooses where messages go; until it does they are dropped. Not to be called while
// work is running.
void set_log_sink(LogSink sink);

void log_message(LogLevel level, std::string_view message);

template <class... Args>
void log_debug(fmt::format_string<Args...> format, Args&&... args) {
  log_message(LogLevel::debug, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
  log_message(LogLevel::info, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_warning(fmt::format_string<Args...> format, Args&&... args) {
  log_message(LogLevel::warning, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace limpid
