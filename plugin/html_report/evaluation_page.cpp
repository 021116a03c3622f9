#include "plugin/html_report/evaluation_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

namespace limpid {
namespace {

constexpr std::size_t most_groups = 300;

// A column whose means the summary shows.
struct Headline {
  const char* key;
  const char* name;
  const char* unit;
  const char* sentence;
  // Suspicious above; none: never.
  std::optional<double> largest = std::nullopt;
};

const Headline headlines[] = {
    {"fitted_psnr_db",
     "PSNR",
     " dB",
     "Peak signal over error, against the truth, after the best grey-scale map: higher is better."},
    {"correlation", "correlation", "", "With the truth, pixel by pixel: 1 is perfect."},
    {"variance_left_300_to_20_angstrom",
     "noise left",
     "",
     "Variance left between 300 and 20 \u00c5 of micrographs without particles, where nothing "
     "should be left."},
    {"snr_average_db",
     "SNR",
     " dB",
     "Signal over error of the mean of both denoised halves, without a truth, from what the halves "
     "have in common."},
    {"bias_fraction",
     "bias",
     "",
     "Part of the signal's variance by which the expected result is wrong: flattened or invented."},
    {"largest_frc_excess",
     "FRC over its bound",
     "",
     "A denoised half must not agree better with the other raw half than a perfect result would: "
     "above 0.05 something leaks.",
     0.05},
    {"residual_at_picks_sigmas",
     "particles in what was removed, \u03c3",
     "",
     "How surely the particles' mean shape is in what was removed at the picks, beyond random "
     "places, in standard errors: above 5 it is."},
    {"residual_at_picks_fraction",
     "contrast removed",
     "",
     "The part of the particles' contrast that is in what was removed: 0 none, 1 all. Some of the "
     "finest detail always is; above 0.2 look at the mean windows.",
     0.2},
    {"seam",
     "seam",
     "",
     "The strongest straight edge over its surroundings: above 1.7 tiles do not fit together (up "
     "to 1024 pixels chance reaches 2).",
     1.7},
};

std::string shown(const ScoreColumn& column, std::optional<double> value) {
  if (!value)
    return "\u2013";
  if (column.style == ScoreColumn::Style::significant)
    return fmt::format("{:.{}g}", *value, column.decimals);
  return column.style == ScoreColumn::Style::with_sign
             ? fmt::format("{:+.{}f}", *value, column.decimals)
             : fmt::format("{:.{}f}", *value, column.decimals);
}

void add_headlines(const ScoreTable& table, ReportPage& page) {
  const ScoreGroup mean = table.mean();
  for (const Headline& headline : headlines) {
    const auto column = std::find_if(table.columns().begin(),
                                     table.columns().end(),
                                     [&](const auto& any) { return any.key == headline.key; });
    if (column == table.columns().end())
      continue;
    const auto index = static_cast<std::size_t>(column - table.columns().begin());
    const auto judged = mean.rows.front().values[index];
    if (!judged)
      continue;
    PageNumber number{fmt::format("{} {}{}", headline.name, shown(*column, judged), headline.unit),
                      headline.sentence,
                      headline.largest && *judged > *headline.largest};
    std::string others;
    for (std::size_t row = 1; row < mean.rows.size(); ++row)
      if (mean.rows[row].values[index])
        others += fmt::format("{}{} {}",
                              others.empty() ? " Beside it: " : ", ",
                              mean.rows[row].method,
                              shown(*column, mean.rows[row].values[index]));
    number.sentence += others + (others.empty() ? " Mean." : ". Means.");
    page.numbers.push_back(std::move(number));
  }
}

void add_rows(const ScoreTable& table,
              const ScoreGroup& group,
              bool is_mean,
              PageTable& shown_table) {
  for (std::size_t i = 0; i < group.rows.size(); ++i) {
    PageRow row{.cells = {group.name + ": " + group.rows[i].method},
                .is_flagged = is_mean && i == 0};
    for (std::size_t column = 0; column < table.columns().size(); ++column)
      row.cells.push_back(shown(table.columns()[column], group.rows[i].values[column]));
    shown_table.rows.push_back(std::move(row));
  }
}

PageTable table_of(const ScoreTable& table) {
  PageTable result{.title = table.title(), .legend = table.legend(), .columns = {"micrograph"}};
  std::replace(result.legend.begin(), result.legend.end(), '\n', ' ');
  for (const ScoreColumn& column : table.columns())
    result.columns.push_back(column.title);
  if (table.groups().size() > 1)
    add_rows(table, table.mean(), true, result);
  // The worst first, as the first column has it: PSNR, SNR and the like.
  std::vector<const ScoreGroup*> groups;
  for (const ScoreGroup& group : table.groups())
    groups.push_back(&group);
  const auto rank = [](const ScoreGroup* group) {
    return group->rows.front().values[0].value_or(-INFINITY);
  };
  std::stable_sort(groups.begin(), groups.end(), [&](const auto* a, const auto* b) {
    return rank(a) < rank(b);
  });
  for (std::size_t i = 0; i < groups.size(); ++i)
    if (i < most_groups)
      add_rows(table, *groups[i], false, result);
    else
      result.left_out_count += groups[i]->rows.size();
  return result;
}

}  // namespace

ReportPage evaluation_page(const std::vector<ScoreTable>& tables, const RunSummary& summary) {
  ReportPage page{.title = "Evaluation"};
  page.lines.push_back(fmt::format(
      "{} micrographs scored, {} could not be", summary.done_count, summary.failed_count));
  bool has_truth = false, has_halves = false;
  for (const ScoreTable& table : tables) {
    if (table.empty())
      continue;
    has_truth |= table.name() == signal_table().name() || table.name() == residual_table().name();
    has_halves |= table.name() == half_table().name();
    add_headlines(table, page);
    page.tables.push_back(table_of(table));
  }
  if (!has_truth && !has_halves)
    page.unknown.emplace_back(
        "How far the results are from the truth: there is no truth, and there are no denoised "
        "halves. Only what was removed can be looked at.");
  else if (!has_truth)
    page.unknown.emplace_back(
        "PSNR, SSIM and the correlation with the truth: there is no truth. The numbers from halves "
        "are unbiased, but what both halves share beside the specimen counts as signal.");
  return page;
}

}  // namespace limpid
