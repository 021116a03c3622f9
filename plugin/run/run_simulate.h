#pragma once

#include "plugin/job/job.h"
#include "plugin/output/output_folder.h"
#include "plugin/run/progress.h"
#include "plugin/run/run_summary.h"

#include <string>

namespace limpid {

// Writes a project with known truth into the output folder; see
// plugin/simulated_project/project_folder.h and project_lists.h for its files. Finished micrographs
// of the same settings are kept, unless the job says redo. Micrographs are made side by side; the
// bytes do not depend on the number of threads. Throws Error(usage) for settings that cannot be
// followed, Error(storage) when the disk refuses, Error(interrupted) when asked to stop; the lists
// then hold what is finished.
RunSummary run_simulate(const SimulateJob& job, const OutputFolder& output, Progress& progress);

// Checks what can be checked without writing; says what would be done.
std::string plan_simulate(const SimulateJob& job);

}  // namespace limpid
