#include "plugin/logfile/job_logfiles.h"

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/io/micrograph_file.h"
#include "plugin/logfile/logfile.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <sstream>
#include <string>
#include <utility>

namespace limpid {
namespace {

// Each takes as long to read as to denoise on a GPU, and a page to look at.
constexpr std::size_t most_pictures = 4;

struct Column {
  const char* key;
  const char* title;
};
constexpr Column columns[] = {{"snr_before", "SNR before"},
                              {"snr_after", "SNR after"},
                              {"bias_fraction", "bias"},
                              {"noise_left", "noise left"},
                              {"removed_correlation", "correlation"}};

std::optional<double> number_of(const DenoisedRecord& record, const char* key) {
  const auto found = record.numbers.find(key);
  return found == record.numbers.end() ? std::nullopt : std::optional(found->second);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);)
    lines.push_back(line);
  return lines;
}

Curve curve_of(const std::vector<DenoisedRecord>& records, const Column& column) {
  Curve curve{.label = column.title};
  for (std::size_t i = 0; i < records.size(); ++i)
    if (const auto number = number_of(records[i], column.key)) {
      curve.x.push_back(static_cast<double>(i + 1));
      curve.y.push_back(*number);
    }
  return curve;
}

void add_plot(const std::string& title,
              Axis axis,
              std::vector<Curve> curves,
              std::vector<CurvePlot>& plots) {
  std::erase_if(curves, [](const Curve& curve) { return curve.x.size() < 2; });
  if (!curves.empty())
    plots.push_back({title, {.label = "micrograph"}, std::move(axis), std::move(curves)});
}

std::optional<ComparisonPicture> picture_of(const DenoisedRecord& record) {
  try {
    const Micrograph raw = read_micrograph(record.entry.path);
    const Micrograph denoised = read_micrograph(record.result_path);
    return make_comparison({.title = record.entry.name,
                            .pixel_size_angstrom = record.entry.pixel_size_angstrom
                                                       ? record.entry.pixel_size_angstrom
                                                       : raw.pixel_size_angstrom,
                            .raw = &raw.pixels,
                            .denoised = &denoised.pixels});
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::input)
      throw;
    log_warning("no picture of '{}': {}", record.entry.name, error.what());
    return std::nullopt;
  }
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

void add_training_plot(const std::string& title,
                       const std::string& label,
                       std::vector<Curve> curves,
                       Logfile& logfile) {
  std::erase_if(curves, [](const Curve& curve) { return curve.x.size() < 2; });
  if (!curves.empty())
    logfile.plots.push_back({title, {.label = "step"}, {.label = label}, std::move(curves)});
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
                           const RunSummary& summary) {
  Logfile logfile{.title = "Denoised micrographs", .lines = lines_of(summary.result)};
  add_plot("Signal to noise, from the halves",
           {.label = "SNR", .is_logarithmic = true},
           {curve_of(records, columns[0]), curve_of(records, columns[1])},
           logfile.plots);
  add_plot("Noise left, standard deviation after over before",
           {.label = "noise left", .low = 0.0},
           {curve_of(records, columns[3])},
           logfile.plots);
  const std::size_t count = std::min(most_pictures, records.size());
  for (std::size_t i = 0; i < count; ++i)
    if (auto picture = picture_of(records[i * records.size() / count]))
      logfile.pictures.push_back(std::move(*picture));
  logfile.columns = {"micrograph"};
  for (const Column& column : columns)
    logfile.columns.emplace_back(column.title);
  for (const DenoisedRecord& record : records)
    logfile.rows.push_back(row_of(record));
  write_logfile(path, logfile);
}

void write_training_logfile(const std::string& path,
                            const std::vector<TrainingRow>& rows,
                            const RunSummary& summary) {
  Logfile logfile{.title = "Trained model", .lines = lines_of(summary.result)};
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
  if (validation.x.size() > 1)
    add_training_plot(
        "Mean squared error between pairs of patches", "loss", {training, validation}, logfile);
  add_training_plot("Error against the signal of the halves, without their noise",
                    "squared error",
                    {half_error},
                    logfile);
  add_training_plot("Peak signal-to-noise ratio against the target", "PSNR (dB)", {psnr}, logfile);
  add_training_plot("Structural similarity with the target", "SSIM", {ssim}, logfile);
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
