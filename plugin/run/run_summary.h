#pragma once

#include "plugin/html_report/report_page.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace limpid {

// How a run ended. What failed was reported item by item through Progress.
struct RunSummary {
  std::int64_t done_count = 0;     // made in this run
  std::int64_t skipped_count = 0;  // finished before
  std::int64_t failed_count = 0;
  std::vector<std::string> warnings = {};  // that make the result doubtful
  std::string result = {};                 // lines for the user: what there is now, and where
  std::string interruption = {};  // how it was stopped, if it was and has made its results complete
  // For report.html; none: an older one stays as it is.
  std::optional<ReportPage> page = std::nullopt;
};

}  // namespace limpid
