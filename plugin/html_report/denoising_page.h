#pragma once

#include "plugin/html_report/report_page.h"
#include "plugin/logfile/denoised_records.h"
#include "plugin/run/run_summary.h"

#include <string>
#include <vector>

namespace limpid {

// What report.html says of a denoising: medians with their meaning, curves, the pictures, a table
// with the doubtful micrographs first. `lines`: model and processors.
ReportPage denoising_page(const std::vector<DenoisedRecord>& records,
                          std::vector<ComparisonPicture> pictures,
                          const std::vector<std::string>& lines,
                          const RunSummary& summary);

// A list's median; its numbers are not kept in order. Not of an empty list.
double median_of(std::vector<double> numbers);

}  // namespace limpid
