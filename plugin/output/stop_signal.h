#pragma once

namespace limpid {

// From the first call on, SIGINT and SIGTERM ask the run to stop after what it is doing; a second
// SIGINT ends the program at once.
void watch_stop_signals();

// The signal that asked to stop, or 0.
int stop_signal();

}  // namespace limpid
