#pragma once

#include "plugin/job/job.h"
#include "plugin/output/output_folder.h"
#include "plugin/run/progress.h"
#include "plugin/run/run_summary.h"

namespace limpid {

// The whole way on simulated micrographs: makes some to train on and others to judge by, trains,
// denoises, and returns the scores as a table; pictures go below the output folder. Each step is
// the job of a subcommand, whose command line is shown.
RunSummary run_demo(const DemoJob& job, const OutputFolder& output, Progress& progress);

}  // namespace limpid
