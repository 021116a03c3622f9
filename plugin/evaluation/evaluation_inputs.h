#pragma once

#include "plugin/job.h"

#include <optional>
#include <string>
#include <vector>

namespace limpid {

// The files for the scores of one micrograph. Either all paths are there, or `problem` says why
// not.
struct TruthFiles {
  std::string name;  // as the list of denoised micrographs has it
  std::string denoised;
  std::string noisy;  // empty when the job has none
  std::string truth;
  std::optional<double> pixel_size_angstrom;  // from the job or the lists
  std::string problem;
};

struct HalfFiles {
  std::string name;
  std::string raw_even;
  std::string raw_odd;
  std::string denoised_even;
  std::string denoised_odd;
  std::optional<double> pixel_size_angstrom;
  std::string problem;
};

// One entry for each micrograph of the job's list, in its order. Throw Error(usage) when a list
// cannot be read.
std::vector<TruthFiles> find_truth_files(const EvaluateJob& job);

// Raw halves: those that the noisy list names, or, without one, the list of the denoised
// micrographs, which keeps the columns of the raw list. Denoised halves: those of the job, or the
// halves beside the denoised micrographs.
std::vector<HalfFiles> find_half_files(const EvaluateJob& job);

}  // namespace limpid
