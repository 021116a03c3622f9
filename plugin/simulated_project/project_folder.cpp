#include "plugin/simulated_project/project_folder.h"

#include "core/base/error.h"
#include "core/io/atomic_file.h"
#include "core/io/input_file.h"
#include "core/io/mrc_writer.h"

#include <fmt/format.h>
#include <system_error>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <span>

namespace limpid {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t largest_record_bytes = std::uint64_t{1} << 30;
constexpr const char* label = "Simulated by limpid; true values are in the record beside it";

void remove_file(const std::string& path) {
  std::error_code error;
  fs::remove(path, error);
  if (error)
    fail(ErrorKind::storage, "removing the older file '{}': {}", path, error.message());
}

bool is_below(std::span<const Image> images, float limit) {
  return std::all_of(images.begin(), images.end(), [&](const Image& image) {
    const std::span<const float> pixels = image.pixels();
    return std::all_of(
        pixels.begin(), pixels.end(), [&](float pixel) { return std::abs(pixel) <= limit; });
  });
}

bool is_whole(std::span<const Image> images) {
  return std::all_of(images.begin(), images.end(), [](const Image& image) {
    const std::span<const float> pixels = image.pixels();
    return std::all_of(
        pixels.begin(), pixels.end(), [](float pixel) { return pixel == std::floor(pixel); });
  });
}

// The smallest mode that keeps the frames as they are, as cameras write them.
MrcMode movie_mode(std::span<const Image> frames) {
  if (!is_whole(frames))
    return MrcMode::float32;
  if (is_below(frames, 127))
    return MrcMode::int8;
  return is_below(frames, 32767) ? MrcMode::int16 : MrcMode::float32;
}

}  // namespace

ProjectFolder::ProjectFolder(const std::string& path, const SimulateJob& job)
    : path_(path), has_halves_(job.write_halves), float16_(job.float16) {}

std::string ProjectFolder::name(std::uint64_t index) {
  return fmt::format("sim_{:04}", index + 1);
}

ProjectFiles ProjectFolder::files(std::uint64_t index, bool has_movie) const {
  const std::string stem = "Micrographs/" + name(index);
  ProjectFiles files;
  files.micrograph = stem + ".mrc";
  if (has_halves_) {
    files.even = stem + "_EVN.mrc";
    files.odd = stem + "_ODD.mrc";
  }
  files.truth = stem + "_CLEAN.mrc";
  if (has_movie)
    files.movie = "Movies/" + name(index) + ".mrcs";
  files.record = stem + ".json";
  return files;
}

std::optional<MicrographRecord> ProjectFolder::find_finished(const ProjectFiles& files,
                                                             const std::string& fingerprint) const {
  const auto is_there = [&](const std::string& file) {
    std::error_code error;
    return fs::is_regular_file(path_of(file), error);
  };
  const std::vector<std::string> images = files.images();
  if (!is_there(files.record) || !std::all_of(images.begin(), images.end(), is_there))
    return std::nullopt;
  std::optional<MicrographRecord> record =
      parse_record(read_whole_file(path_of(files.record), largest_record_bytes));
  if (!record || record->fingerprint != fingerprint)
    return std::nullopt;
  record->files = files;
  return record;
}

void ProjectFolder::remove_leftovers(std::uint64_t index) const {
  const std::string stem = path_of("Micrographs/" + name(index));
  // The record first: without it the others count as unfinished.
  for (const char* ending : {".json", ".mrc", "_EVN.mrc", "_ODD.mrc", "_CLEAN.mrc"})
    remove_file(stem + ending);
  remove_file(path_of("Movies/" + name(index) + ".mrcs"));
}

void ProjectFolder::write(const SimulatedMicrograph& micrograph,
                          const MicrographRecord& record) const {
  const ProjectFiles& files = record.files;
  const Image whole = sum(micrograph.even, micrograph.odd);
  MrcWriteOptions options;
  options.pixel_size_angstrom = micrograph.settings.pixel_size_angstrom;
  options.label = label;
  // Bright images of cameras with a high gain do not fit.
  constexpr float largest_float16 = 65504;
  const bool fits =
      is_below({&whole, 1}, largest_float16) && is_below({&micrograph.truth, 1}, largest_float16);
  options.mode = float16_ && fits ? MrcMode::float16 : MrcMode::float32;
  write_mrc(path_of(files.micrograph), whole, options);
  if (has_halves_) {
    write_mrc(path_of(files.even), micrograph.even, options);
    write_mrc(path_of(files.odd), micrograph.odd, options);
  }
  write_mrc(path_of(files.truth), micrograph.truth, options);
  if (!files.movie.empty())
    write_movie(micrograph, path_of(files.movie));
  write_file_atomically(path_of(files.record), record_text(record));
}

void ProjectFolder::write_movie(const SimulatedMicrograph& micrograph,
                                const std::string& path) const {
  MrcWriteOptions options;
  options.mode = movie_mode(micrograph.frames);
  options.pixel_size_angstrom = micrograph.settings.pixel_size_angstrom;
  options.label = label;
  MrcWriter writer(path,
                   micrograph.settings.width,
                   micrograph.settings.height,
                   options,
                   static_cast<std::int64_t>(micrograph.frames.size()));
  for (const Image& frame : micrograph.frames)
    writer.append(frame);
  writer.commit();
}

}  // namespace limpid
