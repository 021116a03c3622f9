#pragma once

#include "relion_wrapper/command_words.h"
#include "relion_wrapper/job_folder.h"

namespace limpid {

// Does what the fields of an External job ask for: --mode denoise, train or remap (by default remap
// if there are coordinates, else denoise), inputs, and the options that the commands of the same
// names have. Registers the results with RELION. Returns the exit status; throws Error for fields
// that do not fit each other.
int run_external_job(const CommandWords& words, const JobFolder& folder);

}  // namespace limpid
