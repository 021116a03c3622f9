#pragma once

#include "core/base/error.h"

#include <cstdint>

namespace limpid {

// Exit status of every program, as other programs rely on it.
enum class ExitCode : std::uint8_t {
  done = 0,
  failed = 1,  // too many items failed, or nothing was done
  usage = 2,
  model = 3,
  storage = 4,
  device = 5,
  busy = 75,
  interrupted = 130,
  terminated = 143
};

// `signal` is the one that asked to stop, for ErrorKind::interrupted.
ExitCode exit_code(ErrorKind kind, int signal);

inline int status(ExitCode code) {
  return static_cast<int>(code);
}

}  // namespace limpid
