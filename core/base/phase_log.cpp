#include "core/base/phase_log.h"

#include "core/base/log.h"

#include <unistd.h>

#include <chrono>
#include <ctime>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace limpid {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since_boot() {
  timespec now{};
  return clock_gettime(CLOCK_BOOTTIME, &now) == 0
             ? static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec)
             : 0;
}

// How long this process has run, by the kernel, which counts in hundredths of a second; 0 where it
// does not say.
double process_age_seconds() {
  std::ifstream file("/proc/self/stat");
  const std::string all((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const std::size_t name_end = all.rfind(')');  // the name of the program may hold anything
  if (name_end == std::string::npos)
    return 0;
  std::istringstream fields(all.substr(name_end + 1));
  constexpr int fields_before_start = 19;
  std::string skipped;
  for (int i = 0; i < fields_before_start; ++i)
    fields >> skipped;
  double ticks = 0;
  if (!(fields >> ticks))
    return 0;
  const double age = seconds_since_boot() - ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
  return age > 0 ? age : 0;
}

Clock::time_point process_start() {
  static const Clock::time_point start =
      Clock::now() - std::chrono::duration_cast<Clock::duration>(
                         std::chrono::duration<double>(process_age_seconds()));
  return start;
}

}  // namespace

double seconds_since_start() {
  return std::chrono::duration<double>(Clock::now() - process_start()).count();
}

void log_phase(std::string_view what) {
  log_debug("after {:.3f} s: {}", seconds_since_start(), what);
}

}  // namespace limpid
