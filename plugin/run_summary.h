#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace limpid {

// How a run ended. What failed was reported item by item through Progress.
struct RunSummary {
  std::int64_t done_count = 0;     // made in this run
  std::int64_t skipped_count = 0;  // finished before
  std::int64_t failed_count = 0;
  std::vector<std::string> warnings = {};  // that make the result doubtful
  std::string result;                      // lines for the user: what there is now, and where
};

}  // namespace limpid
