#pragma once

#include "plugin/logfile/denoised_records.h"
#include "plugin/run_summary.h"
#include "plugin/training/training_record.h"

#include <optional>
#include <string>
#include <vector>

namespace limpid {

// logfile.pdf of a denoising: the quality of each micrograph, and pictures of a few.
void write_denoise_logfile(const std::string& path,
                           const std::vector<DenoisedRecord>& records,
                           const std::vector<ComparisonPicture>& pictures,
                           const RunSummary& summary);

// How the losses of a training fell; nothing before there are two validations.
std::optional<CurvePlot> loss_plot(const std::vector<TrainingRow>& rows);

// logfile.pdf of a training.
void write_training_logfile(const std::string& path,
                            const std::vector<TrainingRow>& rows,
                            const RunSummary& summary);

}  // namespace limpid
