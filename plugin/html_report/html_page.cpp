#include "plugin/html_report/html_page.h"

#include "core/base/parallel.h"
#include "limpid_version.h"
#include "plugin/drawing/comparison_panels.h"
#include "plugin/drawing/comparison_spectra.h"
#include "plugin/html_report/html_style.h"
#include "plugin/html_report/html_text.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace limpid {
namespace {

constexpr std::size_t most_failures = 200;
constexpr std::int64_t spectrum_side_px = 260;
constexpr Size plot_size = {520, 320};

class Page {
 public:
  std::string text() && { return std::move(text_); }

  // Every argument is text and is escaped.
  template <class... Text>
  void add(std::string_view format, const Text&... text) {
    add_escaped(format, escaped_html(text)...);
  }
  void add_raw(std::string_view html) { text_ += html; }

  void add_figure(const std::string& type,
                  const std::string& bytes,
                  const std::string& alternative,
                  const std::string& caption) {
    add_raw("<figure><img src=\"");
    add_raw(data_url(type, bytes));
    add("\" alt=\"{}\"><figcaption>{}</figcaption></figure>\n", alternative, caption);
  }

 private:
  template <class... Escaped>
  void add_escaped(std::string_view format, const Escaped&... escaped) {
    text_ += fmt::vformat(format, fmt::make_format_args(escaped...));
  }

  std::string text_;
};

std::string count_text(std::size_t count, const char* singular, const char* plural) {
  return fmt::format("{} {}", count, count == 1 ? singular : plural);
}

std::string duration_text(double seconds) {
  if (seconds < 120)
    return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<std::int64_t>(seconds + 0.5);
  return whole < 7200 ? fmt::format("{} min {:02} s", whole / 60, whole % 60)
                      : fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
}

void add_head(Page& html, const ReportPage& page, const PageRun& run) {
  html.add_raw(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; "
      "style-src 'unsafe-inline'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
  html.add("<title>{} \u2013 Limpid</title>\n<style>", page.title);
  html.add_raw(page_style);
  html.add("</style>\n</head>\n<body>\n<h1>{}</h1>\n<p class=\"lead\">", page.title);
  for (const std::string& line : page.lines)
    html.add("{}<br>", line);
  html.add("Limpid {}, {} in all.</p>\n", LIMPID_VERSION, duration_text(run.seconds));
}

void add_numbers(Page& html, const ReportPage& page) {
  if (!page.numbers.empty()) {
    html.add_raw("<h2>Summary</h2>\n<div class=\"numbers\">\n");
    for (const PageNumber& number : page.numbers)
      html.add("<div class=\"{}\"><b>{}</b><p>{}</p></div>\n",
               number.is_warning ? "number warning" : "number",
               number.value,
               number.sentence);
    html.add_raw("</div>\n");
  }
  if (page.unknown.empty())
    return;
  html.add_raw("<div class=\"unknown\"><h3>What cannot be known here</h3>\n");
  for (const std::string& line : page.unknown)
    html.add("<p>{}</p>\n", line);
  html.add_raw("</div>\n");
}

void add_failures(Page& html, const PageRun& run) {
  const auto has_failed = [](const ItemResult& item) { return item.state == ItemState::failed; };
  const auto count =
      static_cast<std::size_t>(std::count_if(run.items.begin(), run.items.end(), has_failed));
  if (count == 0)
    return;
  html.add(
      "<h2 class=\"bad\">{} failed</h2>\n<div class=\"wide\"><table>\n"
      "<tr><th>name</th><th class=\"text\">reason</th></tr>\n",
      fmt::format("{}", count));
  std::size_t shown = 0;
  for (const ItemResult& item : run.items)
    if (has_failed(item) && shown++ < most_failures)
      html.add("<tr class=\"flagged\"><td>{}</td><td class=\"text\">{}</td></tr>\n",
               item.name,
               item.reason);
  html.add_raw("</table></div>\n");
  if (count > most_failures)
    html.add("<p class=\"legend\">{} more are in failed.star.</p>\n",
             fmt::format("{}", count - most_failures));
}

void add_table(Page& html, const PageTable& table) {
  html.add("<h2>{}</h2>\n<p class=\"legend\">{}</p>\n<div class=\"wide\"><table>\n<thead><tr>",
           table.title,
           table.legend);
  const auto is_text = [&](std::size_t column) {
    return table.ends_with_text && column + 1 == table.columns.size();
  };
  for (std::size_t i = 0; i < table.columns.size(); ++i)
    html.add(is_text(i) ? "<th class=\"text\">{}</th>" : "<th>{}</th>", table.columns[i]);
  html.add_raw("</tr></thead>\n<tbody>\n");
  for (const PageRow& row : table.rows) {
    html.add_raw(row.is_flagged ? "<tr class=\"flagged\">" : "<tr>");
    for (std::size_t i = 0; i < row.cells.size(); ++i)
      html.add(is_text(i) ? "<td class=\"text\">{}</td>" : "<td>{}</td>", row.cells[i]);
    html.add_raw("</tr>\n");
  }
  html.add_raw("</tbody></table></div>\n");
  if (table.left_out_count > 0)
    html.add("<p class=\"legend\">{} more are in the files beside this page.</p>\n",
             count_text(table.left_out_count, "row", "rows"));
}

void add_strip(Page& html, const PageStrip& strip) {
  html.add("<h2>{}</h2>\n<p class=\"legend\">{}</p>\n<div class=\"panels small\">\n",
           strip.title,
           strip.legend);
  for (const PageStrip::Picture& picture : strip.pictures)
    html.add_figure("image/png", picture.png, picture.caption, picture.caption);
  html.add_raw("</div>\n");
}

void add_plots(Page& html, const ReportPage& page) {
  if (page.plots.empty())
    return;
  html.add_raw("<h2>Curves</h2>\n<div class=\"plots\">\n");
  for (const CurvePlot& plot : page.plots) {
    CurvePlot untitled = plot;
    untitled.title.clear();
    html.add_figure("image/svg+xml",
                    drawn_curves(PictureFormat::svg, untitled, plot_size),
                    plot.title,
                    plot.title);
  }
  html.add_raw("</div>\n");
}

void add_picture(Page& html, const ComparisonPicture& picture) {
  html.add("<section><h3>{}</h3>\n<p class=\"legend\">{}</p>\n<div class=\"panels\">\n",
           picture.title,
           comparison_facts(picture));
  for (std::size_t i = 0; i < picture.panels.size(); ++i)
    html.add_figure(
        "image/png", panel_png(picture, i), picture.panels[i].title, picture.panels[i].title);
  html.add_raw("</div>\n<div class=\"panels spectra\">\n");
  for (std::size_t i = 0; i < picture.panels.size(); ++i)
    html.add_figure("image/png",
                    spectrum_png(picture, i, spectrum_side_px),
                    "power spectrum",
                    "Power spectrum: " + picture.panels[i].title);
  html.add_raw("<div class=\"curves\">");
  html.add_figure("image/svg+xml",
                  drawn_curves(PictureFormat::svg, radial_power(picture), plot_size),
                  "radial power spectra",
                  "Power spectrum, mean over rings");
  html.add_raw("</div></div></section>\n");
}

std::vector<std::string> drawn(const std::vector<ComparisonPicture>& pictures) {
  std::vector<std::string> sections(pictures.size());
  parallel_for(
      static_cast<std::int64_t>(sections.size()), 1, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
          const auto index = static_cast<std::size_t>(i);
          sections[index] = drawn_picture(pictures[index]);
        }
      });
  return sections;
}

void add_pictures(Page& html, const ReportPage& page) {
  if (page.pictures.empty())
    return;
  html.add_raw(
      "<h2>Before and after</h2>\n<p class=\"legend\">Raw and removed (raw \u2212 denoised) have "
      "grey scales of one width: a particle that was removed is as plain there as it was before. "
      "In what was removed you should see noise and no particle. Power spectra are relative to the "
      "smooth part of the raw one.</p>\n");
  for (const std::string& section :
       page.drawn_pictures.empty() ? drawn(page.pictures) : page.drawn_pictures)
    html.add_raw(section);
}

void add_settings(Page& html, const nlohmann::ordered_json& json, const std::string& path) {
  for (const auto& [key, value] : json.items()) {
    if (value.is_object())
      add_settings(html, value, path + key + ".");
    else
      html.add("<tr><td>{}</td><td class=\"text\">{}</td></tr>\n",
               path + key,
               value.is_string()
                   ? value.get<std::string>()
                   : value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  }
}

}  // namespace

std::string drawn_picture(const ComparisonPicture& picture) {
  Page section;
  add_picture(section, picture);
  return std::move(section).text();
}

std::string html_page(const ReportPage& page, const PageRun& run) {
  Page html;
  add_head(html, page, run);
  add_numbers(html, page);
  add_failures(html, run);
  for (const PageStrip& strip : page.strips)
    add_strip(html, strip);
  add_plots(html, page);
  add_pictures(html, page);
  for (const PageTable& table : page.tables)
    add_table(html, table);
  html.add_raw(
      "<h2>Settings</h2>\n<p class=\"legend\">As in job.json, from which the run can be "
      "repeated.</p>\n<div class=\"wide\"><table class=\"settings\">\n");
  add_settings(html, nlohmann::ordered_json::parse(run.job_json), "");
  html.add_raw("</table></div>\n</body>\n</html>\n");
  return std::move(html).text();
}

}  // namespace limpid
