#pragma once

#include "plugin/logfile/denoised_records.h"
#include "plugin/logfile/logfile.h"
#include "plugin/run/run_summary.h"
#include "plugin/training/training_record.h"

#include <string>
#include <vector>

namespace limpid {

// logfile.pdf of a denoising: what was found, the quality of each micrograph, and pictures of a
// few.
void write_denoise_logfile(const std::string& path,
                           const std::vector<DenoisedRecord>& records,
                           const std::vector<ComparisonPicture>& pictures,
                           std::vector<LogfileNote> notes,
                           const RunSummary& summary);

// How losses and scores of a training changed; none before there are two validations.
std::vector<CurvePlot> training_plots(const std::vector<TrainingRow>& rows);

// logfile.pdf of a training: its curves, and what the model makes of a micrograph.
void write_training_logfile(const std::string& path,
                            const std::vector<TrainingRow>& rows,
                            const std::vector<ComparisonPicture>& pictures,
                            const RunSummary& summary);

}  // namespace limpid
