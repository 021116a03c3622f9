#pragma once

#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#ifndef __CUDACC__
#include <fmt/format.h>
#endif

namespace limpid {

// What went wrong, in the terms a caller can act on. plugin/run/exit_code.h maps each kind to an
// exit status.
enum class ErrorKind {
  usage,        // a command line, a setting or a list file that cannot be followed
  input,        // one micrograph or movie that cannot be used; the others can
  model,        // a model file that is missing, damaged or does not fit
  storage,      // the disk is full or refuses; nothing more can be written
  device,       // the requested processor, its driver or its memory
  busy,         // another run holds the output folder
  interrupted,  // the user or the host asked to stop
  internal      // a broken promise inside this program
};

// The one exception type. what() says what was being done, to which file or item, what was found
// and what was expected, in one line without a trailing full stop.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

#ifdef __CUDACC__

// nvcc cannot compile the fmt library of Debian 12, so in CUDA sources a broken promise is reported
// unformatted.
template <class... Args>
void require(bool condition, const char* format, Args&&...) {
  if (!condition)
    throw Error(ErrorKind::internal, format);
}

#else

template <class... Args>
[[noreturn]] void fail(ErrorKind kind, fmt::format_string<Args...> format, Args&&... args) {
  throw Error(kind, fmt::format(format, std::forward<Args>(args)...));
}

// For promises between functions of this program; a user never sees it unless there is a bug.
template <class... Args>
void require(bool condition, fmt::format_string<Args...> format, Args&&... args) {
  if (!condition)
    throw Error(ErrorKind::internal, fmt::format(format, std::forward<Args>(args)...));
}

// Runs `action`; an Error leaving it gets "context: " in front, any other exception becomes an
// internal Error.
template <class Action>
decltype(auto) with_context(std::string_view context, Action&& action) {
  try {
    return std::forward<Action>(action)();
  } catch (const Error& error) {
    throw Error(error.kind(), fmt::format("{}: {}", context, error.what()));
  } catch (const std::bad_alloc&) {
    throw Error(ErrorKind::input, fmt::format("{}: not enough memory", context));
  } catch (const std::exception& error) {
    throw Error(ErrorKind::internal, fmt::format("{}: {}", context, error.what()));
  }
}

#endif

}  // namespace limpid
