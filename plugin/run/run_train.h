#pragma once

#include "plugin/job/job.h"
#include "plugin/output/output_folder.h"
#include "plugin/run/progress.h"
#include "plugin/run/run_summary.h"

#include <string>

namespace limpid {

// Fits a model to micrographs and writes model.safetensors, training.csv and
// checkpoint.safetensors. The same command goes on where an earlier run was stopped or killed.
RunSummary run_train(const TrainJob& job, const OutputFolder& output, Progress& progress);

// Checks what can be checked without writing. Returns lines for the user.
std::string plan_train(const TrainJob& job);

}  // namespace limpid
