#include "plugin/logfile/logfile.h"

#include <algorithm>
#include <cstddef>
#include <sstream>
#include <string>
#include <vector>

namespace limpid {
namespace {

// A4, in px of 1/96 inch.
constexpr Size paper = {794, 1123};
constexpr double margin = 48;
constexpr double width = paper.width - 2 * margin;
constexpr double line_height = 19;
constexpr double plot_height = 330;
constexpr double widest_first_column = 290;
constexpr double least_column_width = 54;
constexpr double row_height = 17;
constexpr std::size_t most_wide_columns = 9;  // a table of more is in small print
constexpr Color warning_color = {0.70, 0.25, 0.0};

class Pages {
 public:
  explicit Pages(const Logfile& logfile) : logfile_(logfile), canvas_(PictureFormat::pdf, paper) {}

  void draw(const std::string& path) {
    draw_summary();
    if (!logfile_.notes.empty())
      top_ += 0.5 * line_height;
    for (const LogfileNote& note : logfile_.notes)
      draw_note(note);
    for (const CurvePlot& plot : logfile_.plots)
      draw_plot(plot);
    for (const ComparisonPicture& picture : logfile_.pictures) {
      canvas_.next_page(comparison_size(picture));
      draw_comparison(canvas_, picture);
    }
    if (!logfile_.rows.empty())
      draw_table();
    canvas_.save(path);
  }

 private:
  void draw_summary() {
    const TextStyle title{.size_px = 20, .is_bold = true};
    top_ = margin + title.size_px;
    canvas_.text({margin, top_}, canvas_.fitted_text(logfile_.title, width, title), title);
    top_ += 1.5 * line_height;
    const TextStyle style;
    for (const std::string& line : logfile_.lines) {
      canvas_.text({margin, top_}, canvas_.fitted_text(line, width, style), style);
      top_ += line_height;
    }
  }

  void draw_note(const LogfileNote& note) {
    const TextStyle head{
        .size_px = 12, .color = note.is_warning ? warning_color : colors::text, .is_bold = true};
    const TextStyle style{.size_px = 11, .color = colors::faint_text};
    const std::vector<std::string> lines = broken_into_lines(note.text, style);
    if (top_ + row_height * static_cast<double>(lines.size() + 1) > paper.height - margin)
      begin_page();
    canvas_.text({margin, top_}, canvas_.fitted_text(note.title, width, head), head);
    top_ += 0.9 * row_height;
    for (const std::string& line : lines) {
      canvas_.text({margin, top_}, canvas_.fitted_text(line, width, style), style);
      top_ += 0.85 * row_height;
    }
    top_ += 0.5 * row_height;
  }

  std::vector<std::string> broken_into_lines(const std::string& text, const TextStyle& style) {
    std::vector<std::string> lines;
    std::istringstream words(text);
    for (std::string word; words >> word;) {
      const bool fits =
          !lines.empty() && canvas_.text_width(lines.back() + " " + word, style) <= width;
      if (fits)
        lines.back() += " " + word;
      else
        lines.push_back(word);
    }
    return lines;
  }

  void draw_plot(const CurvePlot& plot) {
    if (top_ + plot_height > paper.height - margin)
      begin_page();
    draw_curves(canvas_, {margin, top_, width, plot_height}, plot);
    top_ += plot_height + line_height;
  }

  void draw_table() {
    begin_page();
    draw_row(logfile_.columns, true);
    for (std::size_t i = 0; i < logfile_.rows.size(); ++i) {
      if (top_ > paper.height - margin - row_height) {
        begin_page();
        draw_row(logfile_.columns, true);
      }
      draw_row(logfile_.rows[i], false);
      if (i < logfile_.remarks.size() && !logfile_.remarks[i].empty())
        draw_remark(logfile_.remarks[i]);
    }
  }

  bool is_small_print() const { return logfile_.columns.size() > most_wide_columns; }

  void draw_remark(const std::string& remark) {
    const TextStyle style{.size_px = is_small_print() ? 9.0 : 11.0, .color = warning_color};
    top_ -= 0.2 * row_height;
    canvas_.text({margin + 12, top_}, canvas_.fitted_text(remark, width - 12, style), style);
    top_ += row_height;
  }

  void draw_row(const std::vector<std::string>& cells, bool is_head) {
    TextStyle style{.size_px = is_small_print() ? 9.0 : 11.0, .is_bold = is_head};
    const double others = static_cast<double>(std::max<std::size_t>(cells.size(), 2) - 1);
    const double first_column_width =
        std::min(widest_first_column, width - least_column_width * others);
    const double column_width = (width - first_column_width) / others;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      style.align = i == 0 ? TextAlign::left : TextAlign::right;
      const double available = i == 0 ? first_column_width : column_width;
      const double x =
          i == 0 ? margin : margin + first_column_width + static_cast<double>(i) * column_width;
      canvas_.text({x, top_}, canvas_.fitted_text(cells[i], available - 4, style), style);
    }
    if (is_head)
      canvas_.line({margin, top_ + 5}, {margin + width, top_ + 5}, {.color = colors::frame});
    top_ += is_head ? 1.3 * row_height : row_height;
  }

  void begin_page() {
    canvas_.next_page(paper);
    top_ = margin + line_height;
  }

  const Logfile& logfile_;
  Canvas canvas_;
  double top_ = margin;  // of what is drawn next on the page
};

}  // namespace

void write_logfile(const std::string& path, const Logfile& logfile) {
  Pages(logfile).draw(path);
}

}  // namespace limpid
