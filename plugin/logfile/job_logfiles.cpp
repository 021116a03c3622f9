#include "plugin/logfile/job_logfiles.h"

#include "plugin/trust/trust_numbers.h"

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
constexpr Column columns[] = {{"snr_before", "SNR raw"},
                              {"snr_after", "SNR after"},
                              {"error_fraction", "error"},
                              {"bias_fraction", "bias"},
                              {"frc_excess", "FRC exc."},
                              {"noise_left", "noise left"},
                              {"noise_peak", "peak"},
                              {"removed_correlation", "correl."},
                              {"seam", "seam"},
                              {"residual_at_picks_sigmas", "at picks"}};

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

std::string text_of(const std::optional<double>& number) {
  return number ? fmt::format("{:.4g}", *number) : "-";
}

void add_point(Curve& curve, const TrainingRow& row, const std::optional<double>& value) {
  if (!value)
    return;
  curve.x.push_back(static_cast<double>(row.step));
  curve.y.push_back(*value);
}

}  // namespace

void write_denoise_logfile(const std::string& path,
                           const std::vector<DenoisedRecord>& records,
                           const std::vector<ComparisonPicture>& pictures,
                           std::vector<LogfileNote> notes,
                           const RunSummary& summary) {
  Logfile logfile{.title = "Denoised micrographs",
                  .lines = lines_of(summary.result),
                  .notes = std::move(notes),
                  .plots = plots_of(records),
                  .pictures = pictures};
  logfile.columns = {"micrograph"};
  for (const Column& column : columns)
    logfile.columns.emplace_back(column.title);
  for (const DenoisedRecord& record : records) {
    logfile.rows.push_back(row_of(record));
    logfile.remarks.push_back(trust_warning(record.numbers));
  }
  write_logfile(path, logfile);
}

std::vector<CurvePlot> training_plots(const std::vector<TrainingRow>& rows) {
  Curve training{.label = "training"}, validation{.label = "validation"};
  Curve psnr{.label = "validation"}, ssim{.label = "validation"}, half_error{.label = "validation"};
  for (const TrainingRow& row : rows) {
    if (row.training_loss > 0)
      add_point(training, row, row.training_loss);
    add_point(validation, row, row.validation_loss);
    add_point(psnr, row, row.psnr_db);
    add_point(ssim, row, row.ssim);
    add_point(half_error, row, row.half_error);
  }
  std::vector<CurvePlot> plots;
  const auto add = [&](const char* title, const char* label, std::vector<Curve> curves) {
    std::erase_if(curves, [](const Curve& curve) { return curve.x.size() < 2; });
    if (!curves.empty())
      plots.push_back({title, {.label = "step"}, {.label = label}, std::move(curves)});
  };
  if (validation.x.size() > 1)
    add("Mean squared error between pairs of patches", "loss", {training, validation});
  add("Error against the signal of the halves, without their noise", "squared error", {half_error});
  add("Peak signal-to-noise ratio against the target", "PSNR (dB)", {psnr});
  add("Structural similarity with the target", "SSIM", {ssim});
  return plots;
}

void write_training_logfile(const std::string& path,
                            const std::vector<TrainingRow>& rows,
                            const std::vector<ComparisonPicture>& pictures,
                            const RunSummary& summary) {
  Logfile logfile{.title = "Trained model",
                  .lines = lines_of(summary.result),
                  .plots = training_plots(rows),
                  .pictures = pictures};
  logfile.columns = {"step",
                     "epoch",
                     "training loss",
                     "validation loss",
                     "learning rate",
                     "PSNR (dB)",
                     "SSIM",
                     "half error"};
  for (const TrainingRow& row : rows)
    logfile.rows.push_back({fmt::format("{}", row.step),
                            fmt::format("{:.2f}", row.epoch),
                            fmt::format("{:.5g}", row.training_loss),
                            fmt::format("{:.5g}", row.validation_loss),
                            fmt::format("{:.3g}", row.learning_rate),
                            text_of(row.psnr_db),
                            text_of(row.ssim),
                            text_of(row.half_error)});
  write_logfile(path, logfile);
}

}  // namespace limpid
