#include "plugin/training/movie_list.h"

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/io/star.h"

#include <system_error>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <utility>

namespace limpid {
namespace {

namespace fs = std::filesystem;

constexpr const char* movie_label = "rlnMicrographMovieName";
constexpr const char* metadata_label = "rlnMicrographMetadata";
constexpr const char* group_label = "rlnOpticsGroup";

// What stands for the shift of a frame that was not used.
constexpr double no_shift = -9999;
constexpr std::int64_t largest_frame_number = 100000;

std::optional<double> number_of(std::string_view text) {
  const std::string copy(text);
  char* end = nullptr;
  const double value = std::strtod(copy.c_str(), &end);
  if (end == copy.c_str() || *end != '\0' || !std::isfinite(value))
    return std::nullopt;
  return value;
}

std::string resolve(const std::string& name, const fs::path& list_folder) {
  std::error_code ignored;
  if (fs::exists(name, ignored) || fs::path(name).is_absolute())
    return name;
  const std::string beside_list = (list_folder / name).string();
  return fs::exists(beside_list, ignored) ? beside_list : name;
}

const StarTable& find_movie_table(const StarFile& star, const std::string& path) {
  for (const char* label : {movie_label, metadata_label})
    for (const StarTable& table : star.tables())
      if (table.is_loop() && table.find_column(label))
        return table;
  fail(ErrorKind::usage,
       "'{}' has no table of movies (with a column {}, or {} of motion-corrected micrographs)",
       path,
       movie_label,
       metadata_label);
}

// A value of one row; nothing if there is no such column, or only a word for nothing.
std::optional<std::string> value_in(const StarTable* table, std::int64_t row, const char* label) {
  if (table == nullptr || row < 0 || row >= table->row_count())
    return std::nullopt;
  const auto column = table->find_column(label);
  if (!column)
    return std::nullopt;
  std::string value(table->cell(row, *column));
  if (value.empty() || value == "None")
    return std::nullopt;
  return value;
}

std::int64_t row_of_group(const StarTable* optics, const std::optional<std::string>& group) {
  if (optics == nullptr || !group)
    return -1;
  for (std::int64_t row = 0; row < optics->row_count(); ++row)
    if (value_in(optics, row, group_label) == group)
      return row;
  return -1;
}

// The user has not named the file that `read` reads, so what is wrong with it is no wrong usage.
template <class Read>
auto read_named_in_list(Read&& read) {
  try {
    return read();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::usage)
      throw Error(ErrorKind::input, error.what());
    throw;
  }
}

// Everything that is written about one movie.
class MovieRecord {
 public:
  MovieRecord(const StarFile& list,
              const StarTable& table,
              std::int64_t row,
              const fs::path& folder)
      : table_(table), row_(row), optics_(list.find_table("optics")), folder_(folder) {
    group_row_ = row_of_group(optics_, value_in(&table, row, group_label));
    if (const auto name = value_in(&table, row, metadata_label)) {
      metadata_path_ = resolve(*name, folder);
      metadata_ = read_named_in_list([&] { return StarFile::read(metadata_path_); });
      general_ = metadata_->find_table("general");
    }
  }

  const std::string& metadata_path() const { return metadata_path_; }

  std::optional<std::string> text(const char* label) const {
    if (const auto value = value_in(&table_, row_, label))
      return value;
    if (const auto value = value_in(general_, 0, label))
      return value;
    return value_in(optics_, group_row_, label);
  }
  std::optional<std::string> path(const char* label) const {
    const auto name = text(label);
    return name ? std::optional(resolve(*name, folder_)) : std::nullopt;
  }
  std::optional<double> number(const char* label) const {
    const auto value = text(label);
    if (!value)
      return std::nullopt;
    const auto result = number_of(*value);
    if (!result)
      fail(ErrorKind::input, "{}: {} is '{}', expected a number", position(), label, *value);
    return result;
  }
  std::string position() const { return table_.position(row_); }

  std::vector<std::optional<FrameShift>> shifts() const;

 private:
  std::optional<FrameShift> shift_in(const StarTable& table, std::int64_t row) const;

  const StarTable& table_;
  std::int64_t row_;
  const StarTable* optics_;
  std::int64_t group_row_ = -1;
  fs::path folder_;
  std::string metadata_path_;
  std::optional<StarFile> metadata_;
  const StarTable* general_ = nullptr;
};

std::optional<FrameShift> MovieRecord::shift_in(const StarTable& table, std::int64_t row) const {
  const auto along = [&](const char* label) {
    const auto value = number_of(table.cell(row, table.column(label)));
    if (!value)
      fail(ErrorKind::input, "{}: {} is not a number", table.position(row), label);
    return *value;
  };
  const FrameShift shift{along("rlnMicrographShiftX"), along("rlnMicrographShiftY")};
  if (shift.x_px == no_shift || shift.y_px == no_shift)
    return std::nullopt;
  return shift;
}

std::vector<std::optional<FrameShift>> MovieRecord::shifts() const {
  const StarTable* table = metadata_ ? metadata_->find_table("global_shift") : nullptr;
  if (table == nullptr)
    return {};
  const std::size_t number_column = table->column("rlnMicrographFrameNumber");
  std::vector<std::optional<FrameShift>> shifts;
  for (std::int64_t row = 0; row < table->row_count(); ++row) {
    const double number = number_of(table->cell(row, number_column)).value_or(0);
    if (!(number >= 1 && number <= static_cast<double>(largest_frame_number)))
      fail(ErrorKind::input,
           "{}: the number of a frame is '{}', expected 1 to {}",
           table->position(row),
           table->cell(row, number_column),
           largest_frame_number);
    const auto index = static_cast<std::size_t>(number) - 1;
    if (index >= shifts.size())
      shifts.resize(index + 1);
    shifts[index] = shift_in(*table, row);
  }
  return shifts;
}

std::int64_t whole_number(const MovieRecord& record, const char* label, std::int64_t if_absent) {
  const double number = record.number(label).value_or(static_cast<double>(if_absent));
  if (!(number >= 1 && number <= 100000))
    fail(ErrorKind::input, "{}: {} is {:g}, expected 1 or more", record.position(), label, number);
  return std::llround(number);
}

EerRendering rendering_of(const MovieRecord& record, const MovieInput& input) {
  const EerRendering usual;
  EerRendering rendering;
  rendering.frames_per_fraction =
      input.eer_grouping > 0 ? input.eer_grouping
                             : whole_number(record, "rlnEERGrouping", usual.frames_per_fraction);
  rendering.upsampling = input.eer_upsampling > 0
                             ? input.eer_upsampling
                             : whole_number(record, "rlnEERUpsampling", usual.upsampling);
  // Hosts number the factors 1, 2, 4 as 1, 2, 3.
  if (input.eer_upsampling == 0 && rendering.upsampling == 3)
    rendering.upsampling = 4;
  if (rendering.upsampling != 1 && rendering.upsampling != 2 && rendering.upsampling != 4)
    fail(ErrorKind::input,
         "{}: electron events on {} times the pixels, expected 1, 2 or 4",
         record.position(),
         rendering.upsampling);
  return rendering;
}

DoseWeighting dose_of(const MovieRecord& record, const MovieInput& input) {
  DoseWeighting dose;
  dose.dose_per_frame_e_per_square_angstrom =
      input.dose_per_frame_e_per_square_angstrom > 0
          ? input.dose_per_frame_e_per_square_angstrom
          : record.number("rlnMicrographDoseRate").value_or(0);
  dose.dose_before_e_per_square_angstrom = record.number("rlnMicrographPreExposure").value_or(0);
  dose.pixel_size_angstrom = record.number("rlnMicrographOriginalPixelSize").value_or(0);
  dose.voltage_kv = record.number("rlnVoltage").value_or(0);
  if (!(dose.dose_per_frame_e_per_square_angstrom > 0) || !(dose.pixel_size_angstrom > 0) ||
      !(dose.voltage_kv > 0))
    fail(ErrorKind::usage,
         "{}: weighting by dose takes rlnMicrographDoseRate (or --dose_per_frame), "
         "rlnMicrographOriginalPixelSize and rlnVoltage",
         record.position());
  // Unknown damage is found here rather than in the middle of a training.
  static_cast<void>(FrequencyWeights(dose, 0));
  return dose;
}

MovieEntry entry_of(const MovieRecord& record, const MovieInput& input) {
  MovieEntry entry;
  const auto movie = record.path(movie_label);
  if (!movie)
    fail(ErrorKind::input, "{}: the name of a movie is missing", record.position());
  entry.recipe.movie_path = *movie;
  entry.recipe.gain_path =
      input.gain_file.empty() ? record.path("rlnMicrographGainName").value_or("") : input.gain_file;
  entry.recipe.rendering = rendering_of(record, input);
  entry.recipe.shifts = read_named_in_list([&] { return record.shifts(); });
  if (!entry.recipe.shifts.empty())
    entry.motion_path = record.metadata_path();
  entry.pixel_size_angstrom = record.number("rlnMicrographOriginalPixelSize");
  if (input.weight_by_dose)
    entry.recipe.dose_weighting = dose_of(record, input);
  return entry;
}

}  // namespace

std::vector<MovieEntry> read_movie_list(const MovieInput& input) {
  const StarFile list = StarFile::read(input.star_file);
  const StarTable& table = find_movie_table(list, input.star_file);
  const fs::path folder = fs::path(input.star_file).parent_path();
  std::vector<MovieEntry> entries;
  for (std::int64_t row = 0; row < table.row_count(); ++row)
    try {
      entries.push_back(entry_of(MovieRecord(list, table, row, folder), input));
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::input)
        throw;
      log_warning("left out: {}", error.what());
    }
  if (entries.empty())
    fail(ErrorKind::usage, "there are no usable movies in '{}'", input.star_file);
  return entries;
}

bool lists_present_movies(const std::string& star_file) {
  constexpr std::int64_t most_rows = 10;
  try {
    const StarFile list = StarFile::read(star_file);
    const StarTable& table = find_movie_table(list, star_file);
    const fs::path folder = fs::path(star_file).parent_path();
    const std::int64_t rows = std::min(most_rows, table.row_count());
    for (std::int64_t row = 0; row < rows; ++row) {
      const auto movie = MovieRecord(list, table, row, folder).path(movie_label);
      std::error_code ignored;
      if (!movie || !fs::is_regular_file(*movie, ignored))
        return false;
    }
    return rows > 0;
  } catch (const Error&) {
    return false;  // no such list, or records that are gone
  }
}

}  // namespace limpid
