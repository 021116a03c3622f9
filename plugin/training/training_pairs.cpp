#include "plugin/training/training_pairs.h"

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/log.h"
#include "core/data/blind_spots.h"
#include "core/data/movie_halves.h"
#include "core/io/micrograph_file.h"
#include "plugin/output/journal.h"
#include "plugin/training/movie_list.h"
#include "plugin/training/movie_pairs.h"

#include <fmt/format.h>
#include <system_error>

#include <algorithm>
#include <filesystem>
#include <span>
#include <utility>

namespace limpid {
namespace {

bool names_halves(const MicrographEntry& entry) {
  return !entry.even_path.empty() && !entry.odd_path.empty();
}

bool has_halves(const MicrographEntry& entry) {
  std::error_code ignored;
  return names_halves(entry) && std::filesystem::exists(entry.even_path, ignored) &&
         std::filesystem::exists(entry.odd_path, ignored);
}

PairKind choose_kind(const TrainJob& job, const std::vector<MicrographEntry>& entries) {
  // A few without halves do not decide it; they are left out.
  const auto majority = [&](bool (*is_so)(const MicrographEntry&)) {
    return 2 * static_cast<std::size_t>(std::count_if(entries.begin(), entries.end(), is_so)) >
           entries.size();
  };
  if (majority(has_halves))
    return PairKind::halves;
  if (majority(names_halves))
    log_warning("the halves that the list names are not there");
  if (!job.input.star_file.empty() && lists_present_movies(job.input.star_file))
    return PairKind::movies;
  return PairKind::single;
}

// One pair a micrograph that has one; without `second`, the micrograph alone.
std::vector<PairFiles> files_of(PairKind kind, const std::vector<MicrographEntry>& entries) {
  std::vector<PairFiles> files;
  std::string first_left_out;
  for (const MicrographEntry& entry : entries)
    if (kind == PairKind::simulated || kind == PairKind::single)
      files.push_back({entry.path, {}});
    else if (kind == PairKind::halves && names_halves(entry))
      files.push_back({entry.even_path, entry.odd_path});
    else if (kind == PairKind::truth && !entry.truth_path.empty())
      files.push_back({entry.path, entry.truth_path});
    else if (first_left_out.empty())
      first_left_out = entry.name;
  if (files.empty() && kind == PairKind::halves)
    fail(ErrorKind::usage,
         "none of the {} micrographs has an even and an odd half (rlnMicrographNameEven and "
         "rlnMicrographNameOdd in the list, or NAME_EVN and NAME_ODD beside the file)",
         entries.size());
  if (files.empty())
    fail(ErrorKind::usage,
         "none of the {} micrographs has a truth (limpidTruthName in the list, or NAME_CLEAN "
         "beside the file)",
         entries.size());
  if (files.size() < entries.size())
    log_warning("left out of training: {} of {} micrographs, which have no {}; the first is '{}'",
                entries.size() - files.size(),
                entries.size(),
                kind == PairKind::halves ? "even and odd half" : "truth",
                first_left_out);
  return files;
}

PairSize read_size(const PairFiles& files) {
  const MicrographDescription first = describe_micrograph(files.first);
  if (!files.second.empty()) {
    const MicrographDescription second = describe_micrograph(files.second);
    if (first.width != second.width || first.height != second.height)
      fail(ErrorKind::input,
           "'{}' has {} x {} pixels and '{}' has {} x {}",
           files.first,
           first.width,
           first.height,
           files.second,
           second.width,
           second.height);
  }
  return {first.width, first.height};
}

struct SizedFiles {
  PairFiles files;
  PairSize size;
};

// Those whose headers are in order.
std::vector<SizedFiles> read_sizes(const std::vector<PairFiles>& files) {
  std::vector<SizedFiles> readable;
  for (const PairFiles& pair : files)
    try {
      readable.push_back({pair, read_size(pair)});
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::input)
        throw;
      log_warning("left out of training: {}", error.what());
    }
  if (readable.empty())
    fail(ErrorKind::input, "none of the {} micrographs can be read", files.size());
  return readable;
}

std::vector<PairFiles> leave_out_small(const std::vector<SizedFiles>& readable,
                                       std::int64_t smallest_side_px,
                                       TrainingPairs& pairs) {
  std::vector<PairSize> sizes;
  for (const SizedFiles& pair : readable)
    sizes.push_back(pair.size);
  const std::int64_t needed_px = needed_side_px(sizes, smallest_side_px);
  std::vector<PairFiles> files;
  for (const SizedFiles& pair : readable)
    if (is_large_enough(pair.files.first, pair.size, needed_px)) {
      files.push_back(pair.files);
      pairs.sizes.push_back(pair.size);
    }
  return files;
}

std::vector<std::string> paths_of(const std::vector<PairFiles>& files) {
  std::vector<std::string> paths;
  for (const PairFiles& pair : files)
    for (const std::string& path : {pair.first, pair.second})
      if (!path.empty())
        paths.push_back(path);
  return paths;
}

std::optional<double> pixel_size_of(const MicrographEntry& entry) {
  if (entry.pixel_size_angstrom)
    return entry.pixel_size_angstrom;
  try {
    return describe_micrograph(entry.path).pixel_size_angstrom;
  } catch (const Error&) {
    return std::nullopt;  // files that cannot be read are reported elsewhere
  }
}

void measure_pixel_sizes(const std::vector<MicrographEntry>& entries, TrainingPairs& pairs) {
  for (const MicrographEntry& entry : entries)
    if (const auto size = pixel_size_of(entry))
      pairs.include_pixel_size(*size);
}

// Of the first few, which speak for the camera. Those that cannot be read are reported when they
// are to be trained on.
std::int64_t largest_noise_radius(const PairSource& source) {
  constexpr std::int64_t most_measured = 4;
  std::int64_t radius_px = 0;
  for (std::int64_t i = 0; i < std::min(most_measured, source.count()); ++i)
    try {
      radius_px = std::max(radius_px, measure_noise_radius_px(source.load(i).input));
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::input)
        throw;
    }
  return radius_px;
}

// A model to begin with knows the noise, so that micrographs can be split by as much again. Without
// one, parts of them are hidden.
void set_single_pairs(const TrainJob& job, std::vector<PairFiles> files, TrainingPairs& pairs) {
  pairs.source = make_single_pairs(std::move(files));
  const std::int64_t count = pairs.source->count();
  if (job.start_model.empty()) {
    pairs.noise_radius_px = largest_noise_radius(*pairs.source);
    pairs.description =
        fmt::format("{} micrographs alone, with blind spots for noise that reaches {} px",
                    count,
                    *pairs.noise_radius_px);
  } else {
    pairs.noise_spectrum = std::make_shared<NoiseSpectrum>();
    pairs.source = make_noise_halves(std::move(pairs.source), pairs.noise_spectrum, job.run.seed);
    pairs.description = fmt::format("{} micrographs alone, split in two by added noise", count);
  }
}

}  // namespace

std::int64_t needed_side_px(const std::vector<PairSize>& sizes, std::int64_t smallest_side_px) {
  std::vector<std::int64_t> sides;
  for (const PairSize& size : sizes)
    sides.push_back(size.side());
  const auto middle = sides.begin() + static_cast<std::ptrdiff_t>(sides.size() / 2);
  std::nth_element(sides.begin(), middle, sides.end());
  const std::int64_t usual_px = *middle;
  if (usual_px < smallest_side_px)
    fail(ErrorKind::usage,
         "micrographs of {} pixels a side are too small to train on; expected at least {}",
         usual_px,
         smallest_side_px);
  return std::max(smallest_side_px, usual_px / 2);
}

bool is_large_enough(const std::string& path, const PairSize& size, std::int64_t needed_px) {
  if (size.side() >= needed_px)
    return true;
  log_warning("left out of training: '{}' has {} x {} pixels, expected at least {} a side",
              path,
              size.width,
              size.height,
              needed_px);
  return false;
}

void warn_of_pixel_sizes(const TrainingPairs& pairs) {
  constexpr double largest_ratio = 1.05;
  if (pairs.smallest_pixel_size_angstrom &&
      *pairs.largest_pixel_size_angstrom > largest_ratio * *pairs.smallest_pixel_size_angstrom)
    log_warning(
        "the micrographs have pixels of {:g} to {:g} A; a model for one size learns more "
        "from micrographs of that size alone",
        *pairs.smallest_pixel_size_angstrom,
        *pairs.largest_pixel_size_angstrom);
}

void remember_files(std::vector<std::string> paths, TrainingPairs& pairs) {
  ContentHash hash;
  for (const std::string& path : paths) {
    const std::string fingerprint = file_fingerprint(path) + "\n";
    hash.update(std::as_bytes(std::span(fingerprint)));
  }
  pairs.fingerprint = hash.hex();
  pairs.files = std::move(paths);
}

void TrainingPairs::include_pixel_size(double size_angstrom) {
  auto& smallest = smallest_pixel_size_angstrom;
  auto& largest = largest_pixel_size_angstrom;
  smallest = std::min(smallest.value_or(size_angstrom), size_angstrom);
  largest = std::max(largest.value_or(size_angstrom), size_angstrom);
}

TrainingPairs find_training_pairs(const TrainJob& job, std::int64_t smallest_side_px) {
  if (learns_from_movies(job))
    return find_movie_pairs(job, smallest_side_px);
  const MicrographTable table = MicrographTable::read(job.input);
  const auto& entries = table.entries();
  TrainingPairs pairs;
  pairs.kind = job.pairs == PairKind::automatic ? choose_kind(job, entries) : job.pairs;
  if (pairs.kind == PairKind::movies)
    return find_movie_pairs(job, smallest_side_px);
  std::vector<PairFiles> files =
      leave_out_small(read_sizes(files_of(pairs.kind, entries)), smallest_side_px, pairs);
  remember_files(paths_of(files), pairs);
  switch (pairs.kind) {
    case PairKind::halves:
      pairs.read_halves = [files](std::int64_t index) {
        const PairFiles& pair = files[static_cast<std::size_t>(index)];
        return MovieHalves{read_micrograph(pair.first).pixels, read_micrograph(pair.second).pixels};
      };
      pairs.source = make_half_pairs(std::move(files));
      pairs.description =
          fmt::format("even and odd halves of {} micrographs", pairs.source->count());
      break;
    case PairKind::truth:
      pairs.source = make_truth_pairs(std::move(files));
      pairs.description = fmt::format("{} micrographs with their truth", pairs.source->count());
      break;
    case PairKind::single:
      set_single_pairs(job, std::move(files), pairs);
      break;
    case PairKind::simulated:
      pairs.source = make_simulated_pairs(
          std::move(files),
          {.electrons_per_unit = job.noise_electrons_per_unit, .sigma = job.noise_sigma});
      pairs.description = fmt::format(
          "{} micrographs with noise added (Poisson of {} electrons for the range of "
          "grey values, Gaussian of sigma {})",
          pairs.source->count(),
          job.noise_electrons_per_unit,
          job.noise_sigma);
      break;
    case PairKind::automatic:
    case PairKind::movies:
    case PairKind::physics:
      fail(ErrorKind::internal, "pairs are still to be chosen");
  }
  measure_pixel_sizes(entries, pairs);
  warn_of_pixel_sizes(pairs);
  return pairs;
}

const char* name(PairKind kind) {
  switch (kind) {
    case PairKind::automatic:
      return "auto";
    case PairKind::halves:
      return "halves";
    case PairKind::movies:
      return "movies";
    case PairKind::single:
      return "single";
    case PairKind::simulated:
      return "simulated";
    case PairKind::truth:
      return "truth";
    case PairKind::physics:
      break;
  }
  return "physics";
}

PairKind pair_kind_from_name(const std::string& text) {
  for (const PairKind kind : {PairKind::automatic,
                              PairKind::halves,
                              PairKind::movies,
                              PairKind::single,
                              PairKind::simulated,
                              PairKind::truth,
                              PairKind::physics})
    if (text == name(kind))
      return kind;
  fail(ErrorKind::usage,
       "pairs '{}': expected auto, halves, movies, single, simulated, truth or physics",
       text);
}

}  // namespace limpid
