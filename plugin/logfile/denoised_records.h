#pragma once

#include "plugin/drawing/comparison.h"
#include "plugin/drawing/curves.h"
#include "plugin/micrographs/micrograph_table.h"

#include <cstddef>
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

// Each takes as long to read as to denoise on a GPU, and a page to look at.
inline constexpr std::size_t most_pictures = 4;

// Which of so many records have a picture: a few, evenly spread.
std::vector<std::size_t> pictured_indices(std::size_t record_count);

// Before and after with what was removed and the power spectra. Nothing, after a warning, when it
// cannot be made.
std::optional<ComparisonPicture> picture_of(const DenoisedRecord& record);

// The quality of each micrograph as curves; only those that there are numbers for.
std::vector<CurvePlot> plots_of(const std::vector<DenoisedRecord>& records);

}  // namespace limpid
