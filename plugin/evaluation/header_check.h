#pragma once

#include "plugin/evaluation/evaluation_inputs.h"

namespace limpid {

// The pixel size, from the job or the lists or else the headers. Reads no pixels. Throws
// Error(input) when a file cannot be read, sizes differ or nothing gives the pixel size.
double check_headers(const TruthFiles& files);
double check_headers(const HalfFiles& files);
double check_headers(const RemovalFiles& files);

}  // namespace limpid
