#include "plugin/run/exit_code.h"

#include <csignal>

namespace limpid {

ExitCode exit_code(ErrorKind kind, int signal) {
  switch (kind) {
    case ErrorKind::usage:
      return ExitCode::usage;
    case ErrorKind::model:
      return ExitCode::model;
    case ErrorKind::storage:
      return ExitCode::storage;
    case ErrorKind::device:
      return ExitCode::device;
    case ErrorKind::busy:
      return ExitCode::busy;
    case ErrorKind::interrupted:
      return signal == SIGTERM ? ExitCode::terminated : ExitCode::interrupted;
    case ErrorKind::input:
    case ErrorKind::internal:
      break;
  }
  return ExitCode::failed;
}

}  // namespace limpid
