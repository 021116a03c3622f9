#include "plugin/patches/patch_plan.h"

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/data/patch_schedule.h"
#include "core/io/micrograph_file.h"
#include "limpid_version.h"
#include "plugin/micrographs/micrograph_table.h"
#include "plugin/output/journal.h"
#include "plugin/training/training_pairs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

namespace limpid {
namespace {

void check_settings(const PrepareJob& job) {
  if (job.pairs != PairKind::simulated && job.pairs != PairKind::halves &&
      job.pairs != PairKind::truth)
    fail(ErrorKind::usage,
         "pairs '{}' cannot be stored as patches: expected simulated, halves or truth",
         name(job.pairs));
  if (job.content == PatchContent::clean && job.pairs != PairKind::simulated)
    fail(ErrorKind::usage,
         "--content clean leaves the noise to be drawn in training, so that only simulated pairs "
         "can have it, not {}",
         name(job.pairs));
}

PairFiles files_of(const MicrographEntry& entry, PairKind pairs) {
  if (pairs == PairKind::halves)
    return {entry.even_path, entry.odd_path};
  if (pairs == PairKind::truth)
    return {entry.path, entry.truth_path};
  return {entry.path, {}};
}

void require_partner(const PlannedMicrograph& micrograph, PairKind pairs) {
  if (pairs == PairKind::halves &&
      (micrograph.files.first.empty() || micrograph.files.second.empty()))
    fail(ErrorKind::input,
         "'{}' has no even and odd half (rlnMicrographNameEven and rlnMicrographNameOdd in the "
         "list, or NAME_EVN and NAME_ODD beside the file)",
         micrograph.name);
  if (pairs == PairKind::truth && micrograph.files.second.empty())
    fail(ErrorKind::input,
         "'{}' has no truth (limpidTruthName in the list, or NAME_CLEAN beside the file)",
         micrograph.name);
}

void read_size(PlannedMicrograph& micrograph, const PrepareJob& job) {
  require_partner(micrograph, job.pairs);
  const MicrographDescription first = describe_micrograph(micrograph.files.first);
  if (!micrograph.files.second.empty()) {
    const MicrographDescription second = describe_micrograph(micrograph.files.second);
    if (first.width != second.width || first.height != second.height)
      fail(ErrorKind::input,
           "'{}' has {} x {} pixels and '{}' has {} x {}",
           micrograph.files.first,
           first.width,
           first.height,
           micrograph.files.second,
           second.width,
           second.height);
  }
  if (std::min(first.width, first.height) < job.patch_size_px)
    fail(ErrorKind::input,
         "'{}' has {} x {} pixels, less than a patch of {} x {}",
         micrograph.files.first,
         first.width,
         first.height,
         job.patch_size_px,
         job.patch_size_px);
  micrograph.size = {first.width, first.height};
  micrograph.columns = patches_along(first.width, job.patch_size_px, job.stride_px);
  micrograph.rows = patches_along(first.height, job.patch_size_px, job.stride_px);
  if (!micrograph.pixel_size_angstrom)
    micrograph.pixel_size_angstrom = first.pixel_size_angstrom;
}

PlannedMicrograph plan_micrograph(const MicrographEntry& entry, const PrepareJob& job) {
  PlannedMicrograph micrograph;
  micrograph.name = entry.name;
  micrograph.files = files_of(entry, job.pairs);
  micrograph.pixel_size_angstrom = entry.pixel_size_angstrom;
  micrograph.fingerprint = fingerprint_of(micrograph.files);
  try {
    read_size(micrograph, job);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::input)
      throw;
    micrograph.problem = error.what();
  }
  return micrograph;
}

// A micrograph that is listed twice is taken once.
std::vector<MicrographEntry> distinct_entries(const MicrographInput& input) {
  std::vector<MicrographEntry> entries = MicrographTable::read(input).entries();
  std::set<std::string> seen;
  std::erase_if(entries,
                [&](const MicrographEntry& entry) { return !seen.insert(entry.path).second; });
  return entries;
}

void warn_of_mixed_pixel_sizes(const std::vector<PlannedMicrograph>& micrographs) {
  std::optional<double> smallest, largest;
  for (const PlannedMicrograph& micrograph : micrographs)
    if (const auto size = micrograph.pixel_size_angstrom) {
      smallest = std::min(smallest.value_or(*size), *size);
      largest = std::max(largest.value_or(*size), *size);
    }
  if (smallest && *largest > 1.01 * *smallest)
    log_warning("the micrographs have pixels of {:.4g} to {:.4g} A", *smallest, *largest);
}

std::unique_ptr<PairSource> make_source(const std::vector<PlannedMicrograph>& micrographs,
                                        const PrepareJob& job,
                                        const NoiseModel& noise) {
  std::vector<PairFiles> files;
  for (const PlannedMicrograph& micrograph : micrographs)
    files.push_back(micrograph.files);
  if (job.pairs == PairKind::halves)
    return make_half_pairs(std::move(files));
  if (job.pairs == PairKind::truth)
    return make_truth_pairs(std::move(files));
  return make_simulated_pairs(std::move(files), noise);
}

std::string settings_text(const PrepareJob& job) {
  std::string text = fmt::format(
      "limpid {}; {} pairs, {}; patches of {} px every {} px, {}; {} of the micrographs to test; "
      "seed {}",
      LIMPID_VERSION,
      name(job.pairs),
      job.content == PatchContent::clean ? "clean only" : "input and target",
      job.patch_size_px,
      job.stride_px,
      job.float16 ? "float16" : "float32",
      job.test_micrographs,
      job.run.seed);
  if (job.pairs == PairKind::simulated)
    text += fmt::format(
        "; noise of {} electrons, sigma {}", job.noise_electrons_per_unit, job.noise_sigma);
  return text;
}

}  // namespace

std::string fingerprint_of(const PairFiles& files) {
  return file_fingerprint(files.first) + " " +
         (files.second.empty() ? std::string() : file_fingerprint(files.second));
}

std::vector<bool> choose_test_set(std::int64_t count, double wanted, std::uint64_t seed) {
  if (wanted >= 1 && wanted != std::floor(wanted))
    fail(ErrorKind::usage,
         "--test_micrographs {}: expected a whole number, or a fraction below 1",
         wanted);
  std::int64_t chosen = static_cast<std::int64_t>(wanted);
  if (wanted > 0 && wanted < 1)
    chosen = std::max<std::int64_t>(
        1, static_cast<std::int64_t>(std::floor(wanted * static_cast<double>(count) + 1e-9)));
  if (chosen >= count)
    fail(ErrorKind::usage,
         "--test_micrographs {}: of {} micrographs, none would be left to train on",
         wanted,
         count);
  const std::vector<std::int64_t> order = permutation(count, seed, -1);
  std::vector<bool> is_test(static_cast<std::size_t>(count), false);
  for (std::int64_t i = 0; i < chosen; ++i)
    is_test[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])] = true;
  return is_test;
}

std::int64_t PatchPlan::patch_count(PatchSetKind set) const {
  std::int64_t count = 0;
  for (const PlannedMicrograph& micrograph : micrographs)
    count += micrograph.set == set ? micrograph.patch_count() : 0;
  return count;
}

std::int64_t PatchPlan::micrograph_count(PatchSetKind set) const {
  return std::count_if(micrographs.begin(), micrographs.end(), [&](const PlannedMicrograph& m) {
    return m.set == set && m.problem.empty();
  });
}

std::uint64_t PatchPlan::file_bytes(PatchSetKind set) const {
  return static_cast<std::uint64_t>(patch_count(set)) * dataset.patch_bytes();
}

std::uint64_t PatchPlan::total_bytes() const {
  return (file_bytes(PatchSetKind::train) + file_bytes(PatchSetKind::test)) *
         (dataset.has_inputs ? 2 : 1);
}

std::int64_t PatchPlan::largest_pixel_count() const {
  std::int64_t largest = 0;
  for (const PlannedMicrograph& micrograph : micrographs)
    largest = std::max(largest, micrograph.size.pixel_count());
  return largest;
}

PatchPlan plan_patches(const PrepareJob& job) {
  check_settings(job);
  PatchPlan plan;
  const std::vector<MicrographEntry> entries = distinct_entries(job.input);
  for (const MicrographEntry& entry : entries)
    plan.micrographs.push_back(plan_micrograph(entry, job));
  const auto is_usable = [](const PlannedMicrograph& m) { return m.problem.empty(); };
  if (std::none_of(plan.micrographs.begin(), plan.micrographs.end(), is_usable))
    fail(ErrorKind::input,
         "none of the {} micrographs can be used; the first: {}",
         plan.micrographs.size(),
         plan.micrographs.front().problem);
  // Over the whole list, so that the split stays as it is when one of them becomes unreadable.
  const std::vector<bool> is_test = choose_test_set(
      static_cast<std::int64_t>(entries.size()), job.test_micrographs, job.run.seed);
  for (std::size_t i = 0; i < is_test.size(); ++i)
    plan.micrographs[i].set = is_test[i] ? PatchSetKind::test : PatchSetKind::train;
  warn_of_mixed_pixel_sizes(plan.micrographs);
  PreparedDataset& dataset = plan.dataset;
  dataset.patch_size_px = job.patch_size_px;
  dataset.stride_px = job.stride_px;
  dataset.is_float16 = job.float16;
  dataset.has_inputs = job.content == PatchContent::pair;
  dataset.is_symmetric = job.pairs == PairKind::halves;
  dataset.pairs = name(job.pairs);
  if (job.pairs == PairKind::simulated)
    dataset.noise = {.electrons_per_unit = job.noise_electrons_per_unit, .sigma = job.noise_sigma};
  dataset.seed = job.run.seed;
  dataset.program = fmt::format("limpid {}", LIMPID_VERSION);
  plan.source = make_source(plan.micrographs, job, dataset.noise);
  plan.settings = settings_text(job);
  return plan;
}

}  // namespace limpid
