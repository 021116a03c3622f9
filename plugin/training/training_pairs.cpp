#include "plugin/training/training_pairs.h"

#include "core/base/error.h"
#include "core/io/micrograph_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace limpid {
namespace {

bool has_halves(const MicrographEntry& entry) {
  return !entry.even_path.empty() && !entry.odd_path.empty();
}

PairKind choose_kind(const std::vector<MicrographEntry>& entries) {
  // A few without halves do not decide it; they are left out.
  const auto with_halves = std::count_if(entries.begin(), entries.end(), has_halves);
  return 2 * static_cast<std::size_t>(with_halves) > entries.size() ? PairKind::halves
                                                                    : PairKind::simulated;
}

std::vector<PairFiles> half_files(const std::vector<MicrographEntry>& entries) {
  std::vector<PairFiles> files;
  for (const MicrographEntry& entry : entries)
    if (has_halves(entry))
      files.push_back({entry.even_path, entry.odd_path});
  if (files.empty())
    fail(ErrorKind::usage,
         "none of the {} micrographs has an even and an odd half (rlnMicrographNameEven and "
         "rlnMicrographNameOdd in the list, or NAME_EVN and NAME_ODD beside the file)",
         entries.size());
  return files;
}

std::vector<PairFiles> truth_files(const std::vector<MicrographEntry>& entries) {
  std::vector<PairFiles> files;
  for (const MicrographEntry& entry : entries)
    if (!entry.truth_path.empty())
      files.push_back({entry.path, entry.truth_path});
  if (files.empty())
    fail(ErrorKind::usage,
         "none of the {} micrographs has a truth (limpidTruthName in the list, or NAME_CLEAN "
         "beside the file)",
         entries.size());
  return files;
}

std::vector<PairFiles> single_files(const std::vector<MicrographEntry>& entries) {
  std::vector<PairFiles> files;
  for (const MicrographEntry& entry : entries)
    files.push_back({entry.path, {}});
  return files;
}

std::optional<double> pixel_size_of(const MicrographEntry& entry) {
  if (entry.pixel_size_angstrom)
    return entry.pixel_size_angstrom;
  try {
    return describe_micrograph(entry.path).pixel_size_angstrom;
  } catch (const Error&) {
    return std::nullopt;  // the loader reports files that cannot be read
  }
}

void measure_pixel_sizes(const std::vector<MicrographEntry>& entries, TrainingPairs& pairs) {
  for (const MicrographEntry& entry : entries)
    if (const auto size = pixel_size_of(entry)) {
      auto& smallest = pairs.smallest_pixel_size_angstrom;
      auto& largest = pairs.largest_pixel_size_angstrom;
      smallest = std::min(smallest.value_or(*size), *size);
      largest = std::max(largest.value_or(*size), *size);
    }
}

}  // namespace

TrainingPairs find_training_pairs(const TrainJob& job) {
  const MicrographTable table = MicrographTable::read(job.input);
  const auto& entries = table.entries();
  TrainingPairs pairs;
  pairs.kind = job.pairs == PairKind::automatic ? choose_kind(entries) : job.pairs;
  switch (pairs.kind) {
    case PairKind::halves:
      pairs.source = make_half_pairs(half_files(entries));
      pairs.description =
          fmt::format("even and odd halves of {} micrographs", pairs.source->count());
      break;
    case PairKind::truth:
      pairs.source = make_truth_pairs(truth_files(entries));
      pairs.description = fmt::format("{} micrographs with their truth", pairs.source->count());
      break;
    case PairKind::simulated:
      pairs.source = make_simulated_pairs(
          single_files(entries),
          {.electrons_per_unit = job.noise_electrons_per_unit, .sigma = job.noise_sigma});
      pairs.description = fmt::format(
          "{} micrographs with noise added (Poisson of {} electrons for the range of "
          "grey values, Gaussian of sigma {})",
          pairs.source->count(),
          job.noise_electrons_per_unit,
          job.noise_sigma);
      break;
    case PairKind::automatic:
      fail(ErrorKind::internal, "pairs are still to be chosen");
  }
  measure_pixel_sizes(entries, pairs);
  return pairs;
}

const char* name(PairKind kind) {
  switch (kind) {
    case PairKind::automatic:
      return "auto";
    case PairKind::halves:
      return "halves";
    case PairKind::simulated:
      return "simulated";
    case PairKind::truth:
      break;
  }
  return "truth";
}

PairKind pair_kind_from_name(const std::string& text) {
  for (const PairKind kind :
       {PairKind::automatic, PairKind::halves, PairKind::simulated, PairKind::truth})
    if (text == name(kind))
      return kind;
  fail(ErrorKind::usage, "pairs '{}': expected auto, halves, simulated or truth", text);
}

}  // namespace limpid
