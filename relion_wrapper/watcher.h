#pragma once

#include "relion_wrapper/job_folder.h"

#include <functional>

namespace limpid {

// Runs `work` in a child process and leaves exactly one mark in the job folder when it is over:
// success if it returned 0, failure if it returned anything else or died in whatever way, aborted
// within 5 s of the user's "Abort running" or of a signal to stop.
//
// Two ends leave no mark: another run holds the folder (that one leaves its own), and a signal to
// stop inside a SLURM job, which the scheduler starts again: RELION would take a mark for the end.
//
// To be called before there are any threads. Returns the exit status for the program.
int watch(const JobFolder& folder, const std::function<int()>& work);

}  // namespace limpid
