#pragma once

#include "plugin/drawing/comparison.h"
#include "plugin/drawing/curves.h"

#include <string>
#include <vector>

namespace limpid {

// What the pages of logfile.pdf show, whatever the job: first the lines and the plots, then each
// picture on a page of its own, then the table.
struct Logfile {
  std::string title;
  std::vector<std::string> lines = {};
  std::vector<CurvePlot> plots = {};
  std::vector<ComparisonPicture> pictures = {};
  std::vector<std::string> columns = {};  // of the table; the first is the widest
  std::vector<std::vector<std::string>> rows = {};
};

// The file appears complete or not at all. Throws Error(storage).
void write_logfile(const std::string& path, const Logfile& logfile);

}  // namespace limpid
