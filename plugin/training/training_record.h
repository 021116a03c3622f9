#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace limpid {

// A line of training.csv.
struct TrainingRow {
  std::int64_t step = 0;       // steps done
  double epoch = 0;            // visits of every pixel, on average
  double training_loss = 0;    // mean since the row before
  double validation_loss = 0;  // of the averaged weights
  double learning_rate = 0;
  double seconds = 0;  // of training, in all runs together
  // Of the validation (core/train/validation.h), where they exist; else the column is empty.
  std::optional<double> psnr_db = {};
  std::optional<double> ssim = {};
  std::optional<double> half_error = {};
};

// The history of a training as a CSV file, written anew with each row, complete at any time.
class TrainingRecord {
 public:
  // Takes over the rows of an earlier run up to `steps_done`; later ones will be done again.
  TrainingRecord(const std::string& path, std::int64_t steps_done);

  void add(const TrainingRow& row);
  const std::vector<TrainingRow>& rows() const { return rows_; }

 private:
  std::string path_;
  std::vector<TrainingRow> rows_;
};

}  // namespace limpid
