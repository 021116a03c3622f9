#include "plugin/logfile/job_logfiles.h"

#include "plugin/logfile/logfile.h"

#include <fmt/format.h>

#include <sstream>
#include <string>
#include <utility>

namespace limpid {
namespace {

struct Column {
  const char* key;
  const char* title;
};
constexpr Column columns[] = {{"snr_before", "SNR before"},
                              {"snr_after", "SNR after"},
                              {"bias_fraction", "bias"},
                              {"noise_left", "noise left"},
                              {"removed_correlation", "correlation"}};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);)
    lines.push_back(line);
  return lines;
}

std::vector<std::string> row_of(const DenoisedRecord& record) {
  std::vector<std::string> row = {record.entry.name};
  for (const Column& column : columns) {
    const auto number = number_of(record, column.key);
    row.push_back(number ? fmt::format("{:.3g}", *number) : "-");
  }
  return row;
}

}  // namespace

void write_denoise_logfile(const std::string& path,
                           const std::vector<DenoisedRecord>& records,
                           const std::vector<ComparisonPicture>& pictures,
                           const RunSummary& summary) {
  Logfile logfile{.title = "Denoised micrographs",
                  .lines = lines_of(summary.result),
                  .plots = plots_of(records),
                  .pictures = pictures};
  logfile.columns = {"micrograph"};
  for (const Column& column : columns)
    logfile.columns.emplace_back(column.title);
  for (const DenoisedRecord& record : records)
    logfile.rows.push_back(row_of(record));
  write_logfile(path, logfile);
}

std::optional<CurvePlot> loss_plot(const std::vector<TrainingRow>& rows) {
  Curve training{.label = "training"};
  Curve validation{.label = "validation"};
  for (const TrainingRow& row : rows) {
    const auto step = static_cast<double>(row.step);
    if (row.training_loss > 0) {
      training.x.push_back(step);
      training.y.push_back(row.training_loss);
    }
    validation.x.push_back(step);
    validation.y.push_back(row.validation_loss);
  }
  if (validation.x.size() < 2)
    return std::nullopt;
  return CurvePlot{"Mean squared error between pairs of patches",
                   {.label = "step"},
                   {.label = "loss"},
                   {std::move(training), std::move(validation)}};
}

void write_training_logfile(const std::string& path,
                            const std::vector<TrainingRow>& rows,
                            const RunSummary& summary) {
  Logfile logfile{.title = "Trained model", .lines = lines_of(summary.result)};
  if (auto plot = loss_plot(rows))
    logfile.plots.push_back(std::move(*plot));
  logfile.columns = {"step", "epoch", "training loss", "validation loss", "learning rate"};
  for (const TrainingRow& row : rows)
    logfile.rows.push_back({fmt::format("{}", row.step),
                            fmt::format("{:.2f}", row.epoch),
                            fmt::format("{:.5g}", row.training_loss),
                            fmt::format("{:.5g}", row.validation_loss),
                            fmt::format("{:.3g}", row.learning_rate)});
  write_logfile(path, logfile);
}

}  // namespace limpid
