#include "plugin/cli/standard_streams.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <initializer_list>

namespace limpid {

void open_missing_streams() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(descriptor, F_GETFD) < 0 && errno == EBADF)
      // The lowest free number is this one. If it fails there is nobody to tell.
      static_cast<void>(::open("/dev/null", O_RDWR));
}

void report_file_size_limit() {
  std::signal(SIGXFSZ, SIG_IGN);
}

bool finish_stdout() {
  return std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
}

}  // namespace limpid
