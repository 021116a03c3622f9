#pragma once

#include "plugin/job/job.h"

#include <optional>
#include <string>
#include <vector>

namespace limpid {

// The whole images that a result was made from, for what was removed.
struct WholeFiles {
  std::string denoised;
  std::string noisy;       // empty when the job has none
  std::string noisy_even;  // of its halves; both empty where none are known
  std::string noisy_odd;
};

// The files for the scores of one micrograph. Either all paths are there, or `problem` says why
// not.
struct TruthFiles {
  std::string name;  // as the list of denoised micrographs has it
  std::string denoised;
  std::string noisy;  // empty when the job has none
  std::string truth;
  WholeFiles whole;
  std::optional<double> pixel_size_angstrom;  // from the job or the lists
  std::string problem;
};

struct HalfFiles {
  std::string name;
  std::string raw_even;
  std::string raw_odd;
  std::string denoised_even;
  std::string denoised_odd;
  WholeFiles whole;
  std::optional<double> pixel_size_angstrom;
  std::string problem;
};

// For what can be said without truth and without denoised halves.
struct RemovalFiles {
  std::string name;
  WholeFiles whole;
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

// Denoised and noisy micrographs, with the halves of the latter where they are known.
std::vector<RemovalFiles> find_removal_files(const EvaluateJob& job);

}  // namespace limpid
