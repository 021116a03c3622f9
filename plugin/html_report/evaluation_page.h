#pragma once

#include "plugin/evaluation/score_table.h"
#include "plugin/html_report/report_page.h"
#include "plugin/run/run_summary.h"

#include <vector>

namespace limpid {

// What report.html says of an evaluation: the tables of all methods, those that are not empty, and
// the means of the result that is judged beside those of the other methods. Pictures and strips are
// added by the caller.
ReportPage evaluation_page(const std::vector<ScoreTable>& tables, const RunSummary& summary);

}  // namespace limpid
