#pragma once

#include "plugin/micrographs/micrograph_table.h"
#include "plugin/run_summary.h"
#include "plugin/training/training_record.h"

#include <map>
#include <string>
#include <vector>

namespace limpid {

struct DenoisedRecord {
  MicrographEntry entry;
  std::string result_path;
  std::map<std::string, double> numbers;  // of trust_numbers.h
};

// logfile.pdf of a denoising: the quality of each micrograph, a few of them before and after with
// what was removed and the power spectra. A picture that cannot be made is left out with a warning.
void write_denoise_logfile(const std::string& path,
                           const std::vector<DenoisedRecord>& records,
                           const RunSummary& summary);

// logfile.pdf of a training: how the losses fell.
void write_training_logfile(const std::string& path,
                            const std::vector<TrainingRow>& rows,
                            const RunSummary& summary);

}  // namespace limpid
