#pragma once

#include "plugin/job/job.h"

#include <functional>

namespace limpid {

// What a host adds to a job.
struct RunHooks {
  // Asked between items and training steps, besides the stop signals.
  std::function<bool()> stop_requested = [] { return false; };
};

// Runs a job from beginning to end: takes the output folder, keeps log and progress there, does the
// work, writes the report, prints the result. Returns the exit status; errors are one line on
// stderr.
int run_job(const Job& job, const RunHooks& hooks = {});

}  // namespace limpid
