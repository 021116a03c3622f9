#pragma once

#include "plugin/job/job.h"

#include <string>
#include <vector>

namespace limpid {

// GPU indices as hosts write them: "0:1", "0,1", "0 1"; none for an empty text. Throws
// Error(usage).
std::vector<int> parse_gpu_list(const std::string& text);

DeviceKind parse_device_kind(const std::string& text);

}  // namespace limpid
