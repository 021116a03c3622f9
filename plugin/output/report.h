#pragma once

#include "plugin/run/progress.h"
#include "plugin/run/run_summary.h"

#include <string>
#include <vector>

namespace limpid {

struct Report {
  std::string job_json;  // the settings, as in job.json
  RunSummary summary;
  std::vector<ItemResult> items;
  double seconds = 0;
};

// report.json: what was done with which settings and versions, the result of each item and what
// its numbers mean.
void write_report(const std::string& path, const Report& report);

inline constexpr const char* report_page_name = "report.html";

// report.html (plugin/html_report), for jobs that make one.
void write_report_page(const std::string& path, const Report& report);

// failed.star: names and reasons of the items that failed. Without any, an older file is removed.
void write_failed_list(const std::string& path, const std::vector<ItemResult>& items);

}  // namespace limpid
