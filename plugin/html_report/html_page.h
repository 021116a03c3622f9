#pragma once

#include "plugin/html_report/report_page.h"
#include "plugin/run/progress.h"

#include <string>
#include <vector>

namespace limpid {

// What every report says.
struct PageRun {
  std::string job_json;  // the settings
  std::vector<ItemResult> items;
  double seconds = 0;
};

// The part of a page that shows a picture: it takes longer to make than all the rest.
std::string drawn_picture(const ComparisonPicture& picture);

// report.html: one file without scripts, fonts or anything else from elsewhere, for a screen of any
// width and for paper.
std::string html_page(const ReportPage& page, const PageRun& run);

}  // namespace limpid
