#pragma once

#include "plugin/job/job.h"
#include "plugin/output/output_folder.h"
#include "plugin/run/progress.h"
#include "plugin/run/run_summary.h"

#include <string>

namespace limpid {

// Cuts micrographs into patches of one size and writes them, with their noise or their other half,
// into the files of core/data/prepared_dataset.h. The same command goes on where an earlier run was
// stopped or killed.
RunSummary run_prepare(const PrepareJob& job, const OutputFolder& output, Progress& progress);

// Checks what can be checked without writing, the free space of the disk included. Returns lines
// for the user.
std::string plan_prepare(const PrepareJob& job);

}  // namespace limpid
