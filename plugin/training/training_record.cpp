#include "plugin/training/training_record.h"

#include "core/io/atomic_file.h"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace limpid {
namespace {

constexpr const char* header =
    "step,epoch,training_loss,validation_loss,learning_rate,seconds,psnr_db,ssim,half_error\n";

std::optional<double> number_of(const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  return end == text.c_str() || *end != '\0' ? std::nullopt : std::optional(value);
}

// Nothing for the header and for what is no row.
std::optional<TrainingRow> parse_row(const std::string& line) {
  std::vector<std::optional<double>> numbers;
  std::istringstream stream(line);
  for (std::string cell; std::getline(stream, cell, ',');)
    numbers.push_back(number_of(cell));
  numbers.resize(9);
  constexpr std::size_t training_loss = 2;  // none before the first step
  for (std::size_t i = 0; i < 6; ++i)
    if (!numbers[i] && i != training_loss)
      return std::nullopt;
  return TrainingRow{.step = static_cast<std::int64_t>(*numbers[0]),
                     .epoch = *numbers[1],
                     .training_loss = numbers[training_loss].value_or(0),
                     .validation_loss = *numbers[3],
                     .learning_rate = *numbers[4],
                     .seconds = *numbers[5],
                     .psnr_db = numbers[6],
                     .ssim = numbers[7],
                     .half_error = numbers[8]};
}

std::string cell(const std::optional<double>& number) {
  return number ? fmt::format("{:.7g}", *number) : std::string();
}

}  // namespace

TrainingRecord::TrainingRecord(const std::string& path, std::int64_t steps_done) : path_(path) {
  if (steps_done == 0)
    return;
  std::ifstream stream(path);
  for (std::string line; std::getline(stream, line);)
    if (const auto row = parse_row(line); row && row->step <= steps_done)
      rows_.push_back(*row);
}

void TrainingRecord::add(const TrainingRow& row) {
  rows_.push_back(row);
  std::string text = header;
  for (const TrainingRow& r : rows_)
    text += fmt::format("{},{:.3f},{},{:.7g},{:.4g},{:.1f},{},{},{}\n",
                        r.step,
                        r.epoch,
                        r.step > 0 ? fmt::format("{:.7g}", r.training_loss) : std::string(),
                        r.validation_loss,
                        r.learning_rate,
                        r.seconds,
                        cell(r.psnr_db),
                        cell(r.ssim),
                        cell(r.half_error));
  write_file_atomically(path_, text);
}

}  // namespace limpid
