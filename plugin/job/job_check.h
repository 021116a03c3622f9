#pragma once

#include "plugin/job/job.h"

namespace limpid {

// Throws Error(usage) that lists every field whose value is outside its range or not a number.
// Whether files exist and settings fit each other is for the run to find.
void check_ranges(const Job& job);

}  // namespace limpid
