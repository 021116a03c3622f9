#include "plugin/training/prepared_training.h"

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/data/patch_schedule.h"
#include "core/data/prepared_dataset.h"
#include "core/data/prepared_pairs.h"
#include "core/io/input_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace limpid {
namespace {

void require_nothing_else(const TrainJob& job) {
  if (!job.input.star_file.empty() || !job.input.paths.empty() || !job.movies.star_file.empty())
    fail(ErrorKind::usage,
         "both prepared patches ('{}') and micrographs or movies are given; expected one of them",
         job.patches_folder);
  if (job.pairs != PairKind::automatic)
    fail(ErrorKind::usage,
         "--pairs {}: prepared patches are pairs already; leave it out",
         name(job.pairs));
}

PairKind kind_of(const PreparedDataset& dataset) {
  for (const PairKind kind : {PairKind::halves, PairKind::truth})
    if (dataset.pairs == name(kind))
      return kind;
  return PairKind::simulated;
}

std::string describe(const PreparedDataset& dataset) {
  std::string text = fmt::format(
      "{} prepared patches of {} micrographs ({} pairs{}",
      dataset.patch_count(PatchSetKind::train) + dataset.patch_count(PatchSetKind::test),
      dataset.train.size() + dataset.test.size(),
      dataset.pairs,
      dataset.has_inputs ? "" : ", noise drawn at every visit");
  if (dataset.pairs == name(PairKind::simulated))
    text +=
        fmt::format("; Poisson of {} electrons for the range of grey values, Gaussian of sigma {}",
                    dataset.noise.electrons_per_unit,
                    dataset.noise.sigma);
  return text + ")";
}

// Round by round one patch of each micrograph, so that the first few are from all of them and from
// all over each.
std::vector<std::int64_t> spread(const std::vector<PatchedMicrograph>& micrographs,
                                 std::int64_t first_index) {
  std::vector<std::vector<std::int64_t>> orders;
  std::size_t rounds = 0;
  for (std::size_t i = 0; i < micrographs.size(); ++i) {
    orders.push_back(permutation(micrographs[i].patch_count(), 0, static_cast<std::int64_t>(i)));
    rounds = std::max(rounds, orders.back().size());
  }
  std::vector<std::int64_t> indices;
  for (std::size_t round = 0; round < rounds; ++round)
    for (std::size_t i = 0; i < micrographs.size(); ++i)
      if (round < orders[i].size())
        indices.push_back(first_index + micrographs[i].first_patch + orders[i][round]);
  return indices;
}

// By micrograph, since patches of one overlap.
Split split_by_micrograph(const PreparedDataset& dataset, const TrainJob& job) {
  const Split chosen = split_pairs(
      static_cast<std::int64_t>(dataset.train.size()), job.validation_fraction, job.run.seed);
  std::vector<PatchedMicrograph> held_out;
  for (const std::int64_t i : chosen.validation)
    held_out.push_back(dataset.train[static_cast<std::size_t>(i)]);
  Split split;
  split.validation = spread(held_out, 0);
  for (const std::int64_t i : chosen.training) {
    const PatchedMicrograph& micrograph = dataset.train[static_cast<std::size_t>(i)];
    for (std::int64_t patch = 0; patch < micrograph.patch_count(); ++patch)
      split.training.push_back(micrograph.first_patch + patch);
  }
  return split;
}

Split split_of(const PreparedDataset& dataset, const TrainJob& job) {
  if (dataset.test.empty())
    return split_by_micrograph(dataset, job);
  const std::int64_t train_count = dataset.patch_count(PatchSetKind::train);
  Split split;
  for (std::int64_t i = 0; i < train_count; ++i)
    split.training.push_back(i);
  split.validation = spread(dataset.test, train_count);
  return split;
}

}  // namespace

PreparedTraining find_prepared_training(const TrainJob& job, std::int64_t smallest_side_px) {
  require_nothing_else(job);
  const std::string& folder = job.patches_folder;
  const PreparedDataset dataset = read_prepared_dataset(folder);
  if (dataset.patch_size_px < smallest_side_px)
    fail(ErrorKind::usage,
         "the patches in '{}' have {} pixels a side, expected at least {}",
         folder,
         dataset.patch_size_px,
         smallest_side_px);
  PreparedTraining prepared;
  prepared.split = split_of(dataset, job);
  TrainingPairs& pairs = prepared.pairs;
  pairs.kind = kind_of(dataset);
  pairs.description = describe(dataset);
  pairs.source = make_prepared_pairs(folder, dataset);
  pairs.sizes.assign(static_cast<std::size_t>(pairs.source->count()),
                     {dataset.patch_size_px, dataset.patch_size_px});
  for (const auto* set : {&dataset.train, &dataset.test})
    for (const PatchedMicrograph& micrograph : *set)
      if (micrograph.pixel_size_angstrom)
        pairs.include_pixel_size(*micrograph.pixel_size_angstrom);
  const std::string description = folder + "/" + PreparedDataset::description_name;
  // It holds the hashes of all files, which may lie elsewhere the next time.
  pairs.fingerprint = content_hash_of_file(description, ErrorKind::usage);
  pairs.files.push_back(description);
  for (const PatchSetKind set : {PatchSetKind::train, PatchSetKind::test})
    for (const PatchRole role : {PatchRole::input, PatchRole::target})
      if (dataset.has_file(set, role))
        pairs.files.push_back(folder + "/" + patch_file_name(set, role));
  return prepared;
}

}  // namespace limpid
