#pragma once

#include "plugin/drawing/comparison.h"
#include "plugin/drawing/curves.h"
#include "plugin/micrographs/micrograph_table.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace limpid {

// What the pages about a denoising show of one micrograph.
struct DenoisedRecord {
  MicrographEntry entry;
  std::string result_path;
  std::map<std::string, double> numbers;  // of trust_numbers.h
};

std::optional<double> number_of(const DenoisedRecord& record, const std::string& key);

// A few of them, evenly spread, before and after with what was removed and the power spectra. A
// picture that cannot be made is left out with a warning.
std::vector<ComparisonPicture> pictures_of(const std::vector<DenoisedRecord>& records);

// The quality of each micrograph as curves; only those that there are numbers for.
std::vector<CurvePlot> plots_of(const std::vector<DenoisedRecord>& records);

}  // namespace limpid
