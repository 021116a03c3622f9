#include "plugin/html_report/training_page.h"

#include "plugin/logfile/job_logfiles.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace limpid {
namespace {

constexpr std::size_t most_rows = 300;

void add_losses(const std::vector<TrainingRow>& rows, ReportPage& page) {
  const auto best = std::min_element(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
    return a.validation_loss < b.validation_loss;
  });
  const double first = rows.front().validation_loss;
  page.numbers.push_back(
      {fmt::format("validation loss {:.5g} \u2192 {:.5g}", first, best->validation_loss),
       "Mean squared difference between the prediction and its noisy counterpart on micrographs "
       "that were not learnt from, at the start and at its least. Most of it is the noise of the "
       "counterpart, which no model can predict: small falls are large gains."});
  page.numbers.push_back(
      {fmt::format("best at step {} of {}", best->step, rows.back().step),
       best == rows.end() - 1
           ? "The loss was still falling at the end: a longer training may give a better model."
           : "The weights of that step are in the model; later ones were no better."});
  if (!(best->validation_loss < first))
    page.numbers.push_back({"no gain",
                            "The validation loss never fell below that of the start. The model is "
                            "no better than the one it began with.",
                            true});
  page.numbers.push_back(
      {fmt::format("{:.0f} s, {:.1f} epochs", rows.back().seconds, rows.back().epoch),
       "Time of training in all runs together; an epoch visits every pixel once "
       "on average."});
}

PageTable table_of(const std::vector<TrainingRow>& rows) {
  PageTable table{
      .title = "Validations",
      .legend = "The least validation loss is marked. training.csv has all.",
      .columns = {"step", "epoch", "training loss", "validation loss", "learning rate", "s"}};
  const auto best = std::min_element(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
    return a.validation_loss < b.validation_loss;
  });
  // The last ones, and the best wherever it is.
  const std::size_t left_out = rows.size() > most_rows ? rows.size() - most_rows : 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const TrainingRow& row = rows[i];
    const bool is_best = &row == &*best;
    if (i < left_out && !is_best)
      continue;
    table.rows.push_back({.cells = {fmt::format("{}", row.step),
                                    fmt::format("{:.2f}", row.epoch),
                                    fmt::format("{:.5g}", row.training_loss),
                                    fmt::format("{:.5g}", row.validation_loss),
                                    fmt::format("{:.3g}", row.learning_rate),
                                    fmt::format("{:.0f}", row.seconds)},
                          .is_flagged = is_best});
  }
  table.left_out_count = rows.size() - table.rows.size();
  return table;
}

}  // namespace

ReportPage training_page(const std::vector<TrainingRow>& rows,
                         std::vector<ComparisonPicture> pictures,
                         const std::vector<std::string>& lines,
                         const RunSummary& summary) {
  ReportPage page{.title = "Trained model", .lines = lines};
  page.lines.push_back(summary.skipped_count > 0 ? "Finished before; nothing was left to do"
                                                 : "Finished in this run");
  page.unknown.emplace_back(
      "How good the model is on your micrographs: a loss only compares models on the same data. "
      "Denoise some micrographs with halves that were not learnt from and look at their report.");
  if (rows.empty())
    return page;
  add_losses(rows, page);
  page.plots = training_plots(rows);
  page.pictures = std::move(pictures);
  page.tables.push_back(table_of(rows));
  return page;
}

}  // namespace limpid
