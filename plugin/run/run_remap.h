#pragma once

#include "plugin/job/job.h"
#include "plugin/output/output_folder.h"
#include "plugin/run/progress.h"
#include "plugin/run/run_summary.h"

#include <string>

namespace limpid {

// Coordinates that were picked on denoised micrographs, made to name the originals, so that
// particles can be extracted from these. A denoised micrograph and its original have the same
// result name (output_name.h). `coordinates` is either
// - a STAR file with a column rlnMicrographName: every table, column and row is kept but for that
//   name; or
// - a file coords_suffixNAME, which stands for files MICROGRAPH_WITHOUT_EXTENSION + NAME below its
//   folder: they are copied to where the names of the originals lead.
// The result has the file name of `coordinates` in the output folder.

// What run_remap() would do, without doing it. Throws like it.
std::string plan_remap(const RemapJob& job);

// Throws Error(usage) when a list cannot be read or none of the micrographs is known. Coordinates
// of unknown micrographs are left out and count as failed.
RunSummary run_remap(const RemapJob& job, const OutputFolder& output, Progress& progress);

// File name of the result.
std::string remapped_file_name(const RemapJob& job);

}  // namespace limpid
