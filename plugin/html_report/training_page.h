#pragma once

#include "plugin/html_report/report_page.h"
#include "plugin/run/run_summary.h"
#include "plugin/training/training_record.h"

#include <string>
#include <vector>

namespace limpid {

// What report.html says of a training: how the losses fell, and what the model makes of a
// micrograph. `lines`: data, start and processor.
ReportPage training_page(const std::vector<TrainingRow>& rows,
                         std::vector<ComparisonPicture> pictures,
                         const std::vector<std::string>& lines,
                         const RunSummary& summary);

}  // namespace limpid
