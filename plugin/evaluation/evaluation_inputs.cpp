#include "plugin/evaluation/evaluation_inputs.h"

#include "core/base/error.h"
#include "plugin/evaluation/micrograph_matching.h"
#include "plugin/micrographs/half_paths.h"

#include <cstddef>

namespace limpid {
namespace {

using Matches = std::vector<MicrographMatch>;

// Nothing for a list that is not given.
std::optional<MicrographList> read_optional_list(const MicrographInput& input, const char* option) {
  if (!is_given(input))
    return std::nullopt;
  return read_list(input, option);
}

Matches match_optional(const MicrographList& micrographs,
                       const std::optional<MicrographList>& others,
                       const std::vector<std::string>& suffixes) {
  return others ? match_micrographs(micrographs, *others, suffixes)
                : Matches(micrographs.entries.size());
}

// A list of simulated micrographs knows the truth of each.
std::string truth_path(const MicrographEntry& entry) {
  return entry.truth_path.empty() ? entry.path : entry.truth_path;
}

template <class Files>
void note_problem(Files& files, const std::string& problem) {
  if (files.problem.empty())
    files.problem = problem;
}

template <class Files>
void choose_pixel_size(Files& files,
                       const EvaluateJob& job,
                       std::initializer_list<const MicrographEntry*> entries) {
  if (job.pixel_size_angstrom > 0) {
    files.pixel_size_angstrom = job.pixel_size_angstrom;
    return;
  }
  for (const MicrographEntry* entry : entries)
    if (entry && !files.pixel_size_angstrom)
      files.pixel_size_angstrom = entry->pixel_size_angstrom;
}

WholeFiles whole_files(const MicrographEntry& denoised, const MicrographEntry* noisy) {
  if (!noisy)
    return {.denoised = denoised.path, .noisy = {}, .noisy_even = {}, .noisy_odd = {}};
  return {.denoised = denoised.path,
          .noisy = noisy->path,
          .noisy_even = noisy->even_path,
          .noisy_odd = noisy->odd_path};
}

void set_raw_halves(HalfFiles& files, const MicrographEntry& entry) {
  files.raw_even = entry.even_path;
  files.raw_odd = entry.odd_path;
  if (files.raw_even.empty() || files.raw_odd.empty())
    note_problem(files,
                 "the half sums of '" + entry.path +
                     "' are not known: neither columns of the list nor files X_EVN, X_ODD name "
                     "them");
}

// The path of a denoised half. A folder that holds both X and X_EVN lists X, and what belongs to it
// is found beside it.
std::string half_path(const MicrographEntry& entry, std::string HalfPaths::*which) {
  const std::optional<HalfPaths> beside = find_halves(entry.path);
  return beside ? (*beside).*which : entry.path;
}

void set_denoised_halves(HalfFiles& files,
                         const MicrographMatch& even,
                         const MicrographMatch& odd) {
  if (!even.entry || !odd.entry) {
    note_problem(files, even.entry ? odd.problem : even.problem);
    return;
  }
  files.denoised_even = half_path(*even.entry, &HalfPaths::even);
  files.denoised_odd = half_path(*odd.entry, &HalfPaths::odd);
}

void find_denoised_halves(HalfFiles& files, const std::string& denoised_path) {
  const std::optional<HalfPaths> halves = find_halves(denoised_path);
  if (!halves) {
    note_problem(files,
                 "there are no denoised halves beside '" + denoised_path +
                     "'; give --denoised_even and --denoised_odd");
    return;
  }
  files.denoised_even = halves->even;
  files.denoised_odd = halves->odd;
}

void forbid_same_files(HalfFiles& files) {
  if (!files.problem.empty())
    return;
  if (files.raw_even == files.raw_odd || files.denoised_even == files.denoised_odd)
    note_problem(files,
                 "the even and the odd half are the same file '" +
                     (files.raw_even == files.raw_odd ? files.raw_even : files.denoised_even) +
                     "'");
  else if (files.raw_even == files.denoised_even || files.raw_odd == files.denoised_odd)
    note_problem(files,
                 "'" + files.denoised_even +
                     "' would be both a raw and a denoised half; give the raw micrographs with "
                     "--noisy");
}

}  // namespace

std::vector<TruthFiles> find_truth_files(const EvaluateJob& job) {
  const MicrographList denoised = read_list(job.denoised, "denoised micrographs");
  const MicrographList truth = read_list(job.truth, "--truth");
  const auto noisy = read_optional_list(job.noisy, "--noisy");
  const Matches truths = match_micrographs(denoised, truth, {"_CLEAN"});
  const Matches inputs = match_optional(denoised, noisy, {});
  std::vector<TruthFiles> all;
  for (std::size_t i = 0; i < denoised.entries.size(); ++i) {
    const MicrographEntry& entry = denoised.entries[i];
    TruthFiles files{.name = entry.name,
                     .denoised = entry.path,
                     .noisy = inputs[i].entry ? inputs[i].entry->path : "",
                     .truth = truths[i].entry ? truth_path(*truths[i].entry) : "",
                     .whole = whole_files(entry, inputs[i].entry),
                     .pixel_size_angstrom = {},
                     .problem = truths[i].problem};
    note_problem(files, inputs[i].problem);
    choose_pixel_size(files, job, {&entry, inputs[i].entry, truths[i].entry});
    all.push_back(std::move(files));
  }
  return all;
}

std::vector<HalfFiles> find_half_files(const EvaluateJob& job) {
  if (is_given(job.denoised_even) != is_given(job.denoised_odd))
    fail(ErrorKind::usage, "--denoised_even and --denoised_odd are needed together");
  const MicrographList denoised = read_list(job.denoised, "denoised micrographs");
  const auto noisy = read_optional_list(job.noisy, "--noisy");
  const auto even = read_optional_list(job.denoised_even, "--denoised_even");
  const auto odd = read_optional_list(job.denoised_odd, "--denoised_odd");
  const Matches inputs = match_optional(denoised, noisy, {});
  const Matches evens = match_optional(denoised, even, {"_EVN"});
  const Matches odds = match_optional(denoised, odd, {"_ODD"});
  std::vector<HalfFiles> all;
  for (std::size_t i = 0; i < denoised.entries.size(); ++i) {
    const MicrographEntry& entry = denoised.entries[i];
    HalfFiles files;
    files.name = entry.name;
    files.whole = whole_files(entry, inputs[i].entry);
    files.problem = inputs[i].problem;
    if (inputs[i].entry)
      set_raw_halves(files, *inputs[i].entry);
    else if (!noisy)
      set_raw_halves(files, entry);
    if (even)
      set_denoised_halves(files, evens[i], odds[i]);
    else
      find_denoised_halves(files, entry.path);
    forbid_same_files(files);
    choose_pixel_size(files, job, {&entry, inputs[i].entry});
    all.push_back(std::move(files));
  }
  return all;
}

std::vector<RemovalFiles> find_removal_files(const EvaluateJob& job) {
  const MicrographList denoised = read_list(job.denoised, "denoised micrographs");
  const MicrographList noisy = read_list(job.noisy, "--noisy");
  const Matches inputs = match_micrographs(denoised, noisy, {});
  std::vector<RemovalFiles> all;
  for (std::size_t i = 0; i < denoised.entries.size(); ++i) {
    const MicrographEntry& entry = denoised.entries[i];
    RemovalFiles files{.name = entry.name,
                       .whole = whole_files(entry, inputs[i].entry),
                       .pixel_size_angstrom = {},
                       .problem = inputs[i].problem};
    choose_pixel_size(files, job, {&entry, inputs[i].entry});
    all.push_back(std::move(files));
  }
  return all;
}

}  // namespace limpid
