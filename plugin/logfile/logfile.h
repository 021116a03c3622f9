#pragma once

#include "plugin/drawing/comparison.h"
#include "plugin/drawing/curves.h"

#include <string>
#include <vector>

namespace limpid {

// Something found, and below it in words what it means.
struct LogfileNote {
  std::string title;
  std::string text;
  bool is_warning = false;
};

// What the pages of logfile.pdf show, whatever the job: first the lines, notes and plots, then each
// picture on a page of its own, then the table.
struct Logfile {
  std::string title;
  std::vector<std::string> lines = {};
  std::vector<LogfileNote> notes = {};
  std::vector<CurvePlot> plots = {};
  std::vector<ComparisonPicture> pictures = {};
  std::vector<std::string> columns = {};  // of the table; the first is the widest
  std::vector<std::vector<std::string>> rows = {};
  std::vector<std::string> remarks = {};  // below each row, if not empty; none at all is fine, too
};

// The file appears complete or not at all. Throws Error(storage).
void write_logfile(const std::string& path, const Logfile& logfile);

}  // namespace limpid
