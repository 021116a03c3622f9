#include "plugin/logfile/logfile.h"

#include <algorithm>
#include <cstddef>

namespace limpid {
namespace {

// A4, in px of 1/96 inch.
constexpr Size paper = {794, 1123};
constexpr double margin = 48;
constexpr double width = paper.width - 2 * margin;
constexpr double line_height = 19;
constexpr double plot_height = 330;
constexpr double first_column_width = 290;
constexpr double row_height = 17;

class Pages {
 public:
  explicit Pages(const Logfile& logfile) : logfile_(logfile), canvas_(PictureFormat::pdf, paper) {}

  void draw(const std::string& path) {
    draw_summary();
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

  void draw_plot(const CurvePlot& plot) {
    if (top_ + plot_height > paper.height - margin)
      begin_page();
    draw_curves(canvas_, {margin, top_, width, plot_height}, plot);
    top_ += plot_height + line_height;
  }

  void draw_table() {
    begin_page();
    draw_row(logfile_.columns, true);
    for (const std::vector<std::string>& row : logfile_.rows) {
      if (top_ > paper.height - margin) {
        begin_page();
        draw_row(logfile_.columns, true);
      }
      draw_row(row, false);
    }
  }

  void draw_row(const std::vector<std::string>& cells, bool is_head) {
    TextStyle style{.size_px = 11, .is_bold = is_head};
    const double others = static_cast<double>(std::max<std::size_t>(cells.size(), 2) - 1);
    const double column_width = (width - first_column_width) / others;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      style.align = i == 0 ? TextAlign::left : TextAlign::right;
      const double available = i == 0 ? first_column_width : column_width;
      const double x =
          i == 0 ? margin : margin + first_column_width + static_cast<double>(i) * column_width;
      canvas_.text({x, top_}, canvas_.fitted_text(cells[i], available - 6, style), style);
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
