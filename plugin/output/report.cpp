#include "plugin/output/report.h"

#include "core/base/error.h"
#include "core/io/atomic_file.h"
#include "core/io/printable.h"
#include "core/io/star_text.h"
#include "core/io/star_writer.h"
#include "limpid_version.h"
#include "plugin/html_report/html_page.h"
#include "plugin/trust/trust_columns.h"

#include <nlohmann/json.hpp>
#include <system_error>

#include <algorithm>
#include <cmath>
#include <filesystem>

namespace limpid {
namespace {

nlohmann::json to_json(const ItemResult& item) {
  nlohmann::json numbers = nlohmann::json::object();
  for (const auto& [name, value] : item.numbers)
    numbers[name] = std::isfinite(value) ? nlohmann::json(value) : nlohmann::json(nullptr);
  nlohmann::json json = {{"name", item.name},
                         {"state",
                          item.state == ItemState::done      ? "done"
                          : item.state == ItemState::skipped ? "skipped"
                                                             : "failed"},
                         {"seconds", item.seconds},
                         {"numbers", numbers}};
  if (!item.reason.empty())
    json["reason"] = item.reason;
  return json;
}

// The meaning of those numbers that the items have.
nlohmann::json meanings_of(const std::vector<ItemResult>& items) {
  nlohmann::json meanings = nlohmann::json::object();
  for (const TrustColumn& column : trust_columns())
    for (const ItemResult& item : items)
      if (item.numbers.contains(column.key)) {
        meanings[column.key] = column.meaning;
        break;
      }
  return meanings;
}

// What cannot be known, and why, as report.html says.
std::vector<std::string> unknown_of(const RunSummary& summary) {
  return summary.page ? summary.page->unknown : std::vector<std::string>();
}

// As it is, unless a STAR file has no way to hold it: a line end, or both kinds of quotes.
std::string listable(const std::string& text) {
  std::string result = on_one_line(text);
  if (!star_quoted(result, true))
    std::replace(result.begin(), result.end(), '"', '\'');
  return result;
}

}  // namespace

void write_report(const std::string& path, const Report& report) {
  nlohmann::json items = nlohmann::json::array();
  for (const ItemResult& item : report.items)
    items.push_back(to_json(item));
  const nlohmann::json json = {{"program", "limpid"},
                               {"version", LIMPID_VERSION},
                               {"job", nlohmann::json::parse(report.job_json)},
                               {"done", report.summary.done_count},
                               {"skipped", report.summary.skipped_count},
                               {"failed", report.summary.failed_count},
                               {"seconds", report.seconds},
                               {"warnings", report.summary.warnings},
                               {"unknown", unknown_of(report.summary)},
                               {"meaning", meanings_of(report.items)},
                               {"items", items}};
  write_file_atomically(path,
                        json.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

void write_report_page(const std::string& path, const Report& report) {
  if (!report.summary.page)
    return;
  const ReportPage& page = *report.summary.page;
  write_file_atomically(path, html_page(page, {report.job_json, report.items, report.seconds}));
}

void write_failed_list(const std::string& path, const std::vector<ItemResult>& items) {
  StarWriter writer;
  writer.begin_loop("failed", {"rlnMicrographName", "limpidReason"});
  bool any = false;
  for (const ItemResult& item : items)
    if (item.state == ItemState::failed) {
      any = true;
      writer.add_row({listable(item.name), listable(item.reason)});
    }
  if (any) {
    write_file_atomically(path, writer.text());
    return;
  }
  std::error_code error;
  std::filesystem::remove(path, error);
  if (error)
    fail(ErrorKind::storage, "removing '{}': {}", path, error.message());
}

}  // namespace limpid
