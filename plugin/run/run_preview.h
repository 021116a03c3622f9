#pragma once

#include "plugin/job/job.h"
#include "plugin/output/output_folder.h"
#include "plugin/run/progress.h"
#include "plugin/run/run_summary.h"

#include <string>

namespace limpid {

// PNG pictures of raw, denoised and removed with their power spectra, for some micrographs spread
// over the list; with the truth beside them where the list knows it. Denoised micrographs come from
// an earlier run, or are made for the picture alone.
RunSummary run_preview(const PreviewJob& job, const OutputFolder& output, Progress& progress);

// Checks what can be checked without writing. Returns lines for the user.
std::string plan_preview(const PreviewJob& job);

}  // namespace limpid
