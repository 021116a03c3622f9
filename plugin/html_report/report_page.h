#pragma once

#include "plugin/drawing/comparison.h"
#include "plugin/drawing/curves.h"

#include <cstddef>
#include <string>
#include <vector>

// What report.html shows beside what every report has (settings, counts, failures). Jobs fill it;
// html_page.h makes the page.
namespace limpid {

// A number, and what it means in plain words.
struct PageNumber {
  std::string value;
  std::string sentence;
  bool is_warning = false;
};

struct PageRow {
  std::vector<std::string> cells = {};
  bool is_flagged = false;
};

struct PageTable {
  std::string title;
  std::string legend;
  std::vector<std::string> columns = {};  // the first is for names
  std::vector<PageRow> rows = {};
  bool ends_with_text = false;     // the last column is a remark, not a number
  std::size_t left_out_count = 0;  // rows that are in the files only
};

// Small pictures side by side, such as mean windows around particles.
struct PageStrip {
  std::string title;
  std::string legend;
  struct Picture {
    std::string caption;
    std::string png;  // bytes
  };
  std::vector<Picture> pictures = {};
};

struct ReportPage {
  std::string title;
  std::vector<std::string> lines = {};    // what was done, with what
  std::vector<PageNumber> numbers = {};   // the summary
  std::vector<std::string> unknown = {};  // what cannot be known, and why
  std::vector<PageTable> tables = {};
  std::vector<PageStrip> strips = {};
  std::vector<CurvePlot> plots = {};
  std::vector<ComparisonPicture> pictures = {};
  std::vector<std::string> drawn_pictures = {};  // what html_page.h makes of them; none: not yet
};

}  // namespace limpid
