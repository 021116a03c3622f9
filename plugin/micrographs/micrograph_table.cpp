#include "plugin/micrographs/micrograph_table.h"

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/io/star_writer.h"
#include "plugin/micrographs/output_name.h"

#include <system_error>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <glob.h>
#include <map>
#include <string_view>
#include <utility>

namespace limpid {
namespace {

namespace fs = std::filesystem;

constexpr const char* name_label = "rlnMicrographName";

bool exists(const std::string& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

std::string resolve(const std::string& name, const fs::path& list_folder) {
  if (exists(name) || fs::path(name).is_absolute())
    return name;
  const std::string beside_list = (list_folder / name).string();
  return exists(beside_list) ? beside_list : name;
}

// A file that was moved together with its micrograph is found beside it.
std::string find_beside(const std::string& name, const std::string& micrograph_path) {
  const fs::path moved = fs::path(micrograph_path).parent_path() / fs::path(name).filename();
  return exists(name) || !exists(moved.string()) ? name : moved.string();
}

std::optional<double> positive_number(std::string_view text) {
  const std::string copy(text);
  char* end = nullptr;
  const double value = std::strtod(copy.c_str(), &end);
  if (end == copy.c_str() || *end != '\0' || !std::isfinite(value) || value <= 0)
    return std::nullopt;
  return value;
}

// The table "micrographs", or in lists of older programs the first that names micrographs.
std::size_t find_micrograph_table(const StarFile& star, const std::string& path) {
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < star.tables().size(); ++i) {
    const StarTable& table = star.tables()[i];
    if (!table.find_column(name_label))
      continue;
    if (table.name() == "micrographs")
      return i;
    if (!found)
      found = i;
  }
  if (found)
    return *found;
  for (const StarTable& table : star.tables())
    if (table.find_column("rlnMicrographMovieName"))
      fail(ErrorKind::usage, "'{}' lists movies; expected micrographs ({})", path, name_label);
  fail(ErrorKind::usage, "'{}' has no table with a column {}", path, name_label);
}

bool has_image_extension(const fs::path& path) {
  const std::string name = folded(path.filename().string());
  constexpr std::array extensions = {".mrc", ".tif", ".tiff", ".mrc.gz", ".mrc.bz2"};
  return std::any_of(extensions.begin(), extensions.end(), [&](const char* extension) {
    return name.ends_with(extension);
  });
}

// The micrographs in a folder, by name; half sums of others are left out.
std::vector<std::string> files_in(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    if (has_image_extension(at->path()) && !at->path().filename().string().starts_with("."))
      files.push_back(at->path().string());
  if (error)
    fail(ErrorKind::usage, "reading the folder '{}': {}", folder, error.message());
  const bool only_halves = std::all_of(files.begin(), files.end(), is_half_name);
  if (!only_halves)
    std::erase_if(files, is_half_name);
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<std::string> matches_of(const std::string& pattern) {
  glob_t found{};
  const int status = ::glob(pattern.c_str(), 0, nullptr, &found);
  std::vector<std::string> files;
  if (status == 0)
    files.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  return files;
}

std::vector<std::string> files_of_argument(const std::string& argument) {
  std::error_code ignored;
  if (fs::is_directory(argument, ignored))
    return files_in(argument);
  // A file that exists is meant as it is, even with a star in its name; one that does not is kept
  // so that its absence is reported like that of any other.
  if (exists(argument) || argument.find_first_of("*?[") == std::string::npos)
    return {argument};
  const std::vector<std::string> files = matches_of(argument);
  if (files.empty())
    fail(ErrorKind::usage, "no file matches '{}'", argument);
  return files;
}

}  // namespace

MicrographTable MicrographTable::read(const MicrographInput& input) {
  if (input.star_file.empty() == input.paths.empty())
    fail(ErrorKind::usage,
         "{} of --in_mics STAR and file names {} given; expected one",
         input.star_file.empty() ? "none" : "both",
         input.star_file.empty() ? "is" : "are");
  MicrographTable table;
  if (input.star_file.empty())
    table.read_paths(input.paths);
  else
    table.read_star(input);
  if (table.entries_.empty())
    fail(ErrorKind::usage,
         "there are no micrographs in '{}'",
         input.star_file.empty() ? input.paths.front() : input.star_file);
  table.make_output_names_distinct();
  return table;
}

void MicrographTable::read_star(const MicrographInput& input) {
  star_ = StarFile::read(input.star_file, {.lenient = input.lenient_star});
  table_index_ = find_micrograph_table(*star_, input.star_file);
  const StarTable& table = star_->tables()[table_index_];
  const std::size_t column = table.column(name_label);
  const fs::path list_folder = fs::path(input.star_file).parent_path();
  for (std::int64_t row = 0; row < table.row_count(); ++row) {
    MicrographEntry entry;
    entry.name = table.cell(row, column);
    if (entry.name.empty())
      fail(ErrorKind::usage, "{}: the name of a micrograph is empty", table.position(row));
    entry.path = resolve(entry.name, list_folder);
    entry.output_name = output_name_for(entry.name);
    entries_.push_back(std::move(entry));
  }
  add_halves(table);
  add_truth(table);
  add_pixel_sizes(table);
}

void MicrographTable::read_paths(const std::vector<std::string>& arguments) {
  for (const std::string& argument : arguments)
    for (const std::string& path : files_of_argument(argument)) {
      MicrographEntry entry;
      entry.name = path;
      entry.path = path;
      entry.output_name = output_name_for(fs::path(path).filename().string());
      if (const auto halves = find_halves(path)) {
        entry.even_path = halves->even;
        entry.odd_path = halves->odd;
      }
      entry.truth_path = find_truth(path).value_or("");
      entries_.push_back(std::move(entry));
    }
}

void MicrographTable::add_halves(const StarTable& table) {
  const auto even = table.find_column("rlnMicrographNameEven");
  const auto odd = table.find_column("rlnMicrographNameOdd");
  for (std::int64_t row = 0; row < table.row_count(); ++row) {
    MicrographEntry& entry = entries_[static_cast<std::size_t>(row)];
    if (even && odd) {
      entry.even_path = find_beside(std::string(table.cell(row, *even)), entry.path);
      entry.odd_path = find_beside(std::string(table.cell(row, *odd)), entry.path);
    } else if (const auto halves = find_halves(entry.path)) {
      entry.even_path = halves->even;
      entry.odd_path = halves->odd;
    }
  }
}

void MicrographTable::add_truth(const StarTable& table) {
  const auto column = table.find_column("limpidTruthName");
  for (std::int64_t row = 0; row < table.row_count(); ++row) {
    MicrographEntry& entry = entries_[static_cast<std::size_t>(row)];
    entry.truth_path = column ? find_beside(std::string(table.cell(row, *column)), entry.path)
                              : find_truth(entry.path).value_or("");
  }
}

// From a column of its own, or through the optics group of the micrograph.
void MicrographTable::add_pixel_sizes(const StarTable& table) {
  constexpr const char* size_label = "rlnMicrographPixelSize";
  constexpr const char* group_label = "rlnOpticsGroup";
  if (const auto column = table.find_column(size_label)) {
    for (std::int64_t row = 0; row < table.row_count(); ++row)
      entries_[static_cast<std::size_t>(row)].pixel_size_angstrom =
          positive_number(table.cell(row, *column));
    return;
  }
  const StarTable* optics = star_->find_table("optics");
  const auto group = table.find_column(group_label);
  if (optics == nullptr || !group)
    return;
  const auto optics_group = optics->find_column(group_label);
  const auto optics_size = optics->find_column(size_label);
  if (!optics_group || !optics_size)
    return;
  std::map<std::string, std::optional<double>, std::less<>> sizes;
  for (std::int64_t row = 0; row < optics->row_count(); ++row)
    sizes[std::string(optics->cell(row, *optics_group))] =
        positive_number(optics->cell(row, *optics_size));
  for (std::int64_t row = 0; row < table.row_count(); ++row) {
    const auto found = sizes.find(table.cell(row, *group));
    if (found != sizes.end())
      entries_[static_cast<std::size_t>(row)].pixel_size_angstrom = found->second;
  }
}

void MicrographTable::make_output_names_distinct() {
  std::map<std::string, std::string> owners;  // folded output name -> path of the micrograph
  for (MicrographEntry& entry : entries_) {
    const auto [owner, is_new] = owners.emplace(folded(entry.output_name), entry.path);
    if (is_new || owner->second == entry.path)
      continue;
    entry.output_name = distinct_output_name(entry.output_name, entry.name);
    owners.emplace(folded(entry.output_name), entry.path);
  }
}

std::string MicrographTable::with_names(const std::vector<std::string>& names) const {
  require(names.size() == entries_.size(), "{} names for {} rows", names.size(), entries_.size());
  if (!star_) {
    StarWriter writer;
    writer.begin_loop("micrographs", {name_label});
    for (const std::string& name : names)
      if (!name.empty())
        writer.add_row({name});
    return writer.text();
  }
  StarFile star = *star_;
  StarTable& table = star.tables()[table_index_];
  const std::size_t column = table.column(name_label);
  std::vector<bool> is_kept;
  for (std::size_t row = 0; row < names.size(); ++row) {
    is_kept.push_back(!names[row].empty());
    if (is_kept.back())
      table.set_cell(static_cast<std::int64_t>(row), column, names[row]);
  }
  if (std::find(is_kept.begin(), is_kept.end(), false) != is_kept.end())
    table.keep_rows(is_kept);
  return star.text();
}

}  // namespace limpid
