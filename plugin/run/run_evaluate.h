#pragma once

#include "plugin/job/job.h"
#include "plugin/run/progress.h"
#include "plugin/run/run_summary.h"

#include <string>

namespace limpid {

// Scores denoised micrographs, against a truth, from halves or, without both, by what was removed.
// The result is a table for people; evaluation.json and evaluation.star in the output folder, if
// there is one, hold the same numbers and more digits. Micrographs are read one after the other;
// one that cannot be scored is reported.
RunSummary run_evaluate(const EvaluateJob& job, Progress& progress);

// Checks lists, headers and sizes and writes nothing. Returns lines for the user.
std::string plan_evaluate(const EvaluateJob& job);

// Throws Error(usage) when the output folder is that of another kind of job, whose description and
// reports would be replaced.
void forbid_foreign_folder(const EvaluateJob& job);

}  // namespace limpid
