#pragma once

#include "core/data/movie_halves.h"
#include "core/data/noise_halves.h"
#include "core/data/pair_source.h"
#include "plugin/job/job.h"
#include "plugin/micrographs/micrograph_table.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace limpid {

class Exposers;

// Width and height in pixels.
struct PairSize {
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::int64_t side() const { return std::min(width, height); }
};

// What a training learns from.
struct TrainingPairs {
  std::unique_ptr<PairSource> source;
  std::vector<PairSize> sizes;       // of the pairs, from their headers
  PairKind kind = PairKind::halves;  // never automatic
  // Reads the two halves of a pair as they are; empty if the pairs are no halves.
  std::function<MovieHalves(std::int64_t)> read_halves;
  std::optional<std::int64_t> noise_radius_px;  // of single micrographs with blind spots
  // Of single micrographs that are split by noise: to be set before a pair is loaded
  // (removed_noise.h).
  std::shared_ptr<NoiseSpectrum> noise_spectrum;
  // Of micrographs that are simulated: the devices that do so, to be named before a pair is loaded.
  std::shared_ptr<Exposers> exposers;
  std::string description;  // for people: "even and odd halves of 12 micrographs"
  // Of the micrographs, from the list or else from the files; empty when unknown.
  std::optional<double> smallest_pixel_size_angstrom;
  std::optional<double> largest_pixel_size_angstrom;
  std::string fingerprint;         // changes when a file does
  std::vector<std::string> files;  // all that are read

  bool has_truth() const { return kind == PairKind::truth || kind == PairKind::physics; }
  void include_pixel_size(double size_angstrom);
};

// Left out with a warning are pairs whose headers cannot be read, whose two sizes differ, or whose
// sides are shorter than `smallest_side_px` or half of what is usual among the pairs. Throws
// Error(usage) when the kind asked for does not exist for these micrographs or all are too small,
// Error(input) when none can be read.
TrainingPairs find_training_pairs(const TrainJob& job, std::int64_t smallest_side_px);

// For those that find pairs:

// The shortest side that is not left out. A single small micrograph would make the crops of all
// small. Throws Error(usage) if most are too small.
std::int64_t needed_side_px(const std::vector<PairSize>& sizes, std::int64_t smallest_side_px);
// Warns if it is not.
bool is_large_enough(const std::string& path, const PairSize& size, std::int64_t needed_px);
void warn_of_pixel_sizes(const TrainingPairs& pairs);
// Sets the files and their fingerprint.
void remember_files(std::vector<std::string> paths, TrainingPairs& pairs);

const char* name(PairKind kind);
// Throws Error(usage).
PairKind pair_kind_from_name(const std::string& name);

}  // namespace limpid
