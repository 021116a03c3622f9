#include "plugin/training/training_record.h"

#include "core/io/atomic_file.h"

#include <fmt/format.h>

#include <cstdio>
#include <fstream>

namespace limpid {
namespace {

constexpr const char* header = "step,epoch,training_loss,validation_loss,learning_rate,seconds\n";

}  // namespace

TrainingRecord::TrainingRecord(const std::string& path, std::int64_t steps_done) : path_(path) {
  if (steps_done == 0)
    return;
  std::ifstream stream(path);
  for (std::string line; std::getline(stream, line);) {
    TrainingRow row;
    long long step = 0;
    if (std::sscanf(line.c_str(),
                    "%lld,%lf,%lf,%lf,%lf,%lf",
                    &step,
                    &row.epoch,
                    &row.training_loss,
                    &row.validation_loss,
                    &row.learning_rate,
                    &row.seconds) != 6)
      continue;  // the header
    row.step = step;
    if (row.step <= steps_done)
      rows_.push_back(row);
  }
}

void TrainingRecord::add(const TrainingRow& row) {
  rows_.push_back(row);
  std::string text = header;
  for (const TrainingRow& r : rows_)
    text += fmt::format("{},{:.3f},{:.7g},{:.7g},{:.4g},{:.1f}\n",
                        r.step,
                        r.epoch,
                        r.training_loss,
                        r.validation_loss,
                        r.learning_rate,
                        r.seconds);
  write_file_atomically(path_, text);
}

}  // namespace limpid
