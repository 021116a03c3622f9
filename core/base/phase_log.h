#pragma once

#include <string_view>

namespace limpid {

// Of this process: what it spent on loading its libraries counts.
double seconds_since_start();

// Says in the log, at level debug, that a part of a run is over, and how many seconds after the
// start: where the time before the first result and behind the last goes.
void log_phase(std::string_view what);

}  // namespace limpid
