#pragma once

#include "plugin/job/job.h"
#include "plugin/output/output_folder.h"
#include "plugin/run/progress.h"
#include "plugin/run/run_summary.h"

namespace limpid {

// Micrographs in, denoised micrographs and their list (micrographs_denoised.star) out. Reading,
// denoising and writing overlap; a micrograph that fails is reported and left out of the list.
RunSummary run_denoise(const DenoiseJob& job, const OutputFolder& output, Progress& progress);

// Checks what can be checked without writing: list, model, processor. Returns lines for the user.
std::string plan_denoise(const DenoiseJob& job);

}  // namespace limpid
