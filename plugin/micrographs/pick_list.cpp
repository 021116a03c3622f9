#include "plugin/micrographs/pick_list.h"

#include "core/base/error.h"
#include "core/io/input_file.h"
#include "core/io/printable.h"
#include "core/io/star.h"
#include "plugin/micrographs/output_name.h"

#include <system_error>

#include <charconv>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <string_view>
#include <utility>

namespace limpid {
namespace {

constexpr const char* name_label = "rlnMicrographName";
constexpr const char* file_label = "rlnMicrographCoordinates";
constexpr const char* x_label = "rlnCoordinateX";
constexpr const char* y_label = "rlnCoordinateY";
constexpr std::string_view suffix_mark = "coords_suffix";
constexpr std::size_t largest_file_bytes = std::size_t{1} << 30;

std::string stem_of(const std::string& name) {
  return std::filesystem::path(name).stem().string();
}

double number_at(const StarTable& table, std::int64_t row, std::size_t column) {
  const std::string_view text = table.cell(row, column);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size())
    fail(ErrorKind::usage,
         "{}: {} is '{}', expected a number",
         table.position(row),
         table.label(column),
         printable(text));
  return number;
}

PickPosition position_at(const StarTable& table, std::int64_t row) {
  return {number_at(table, row, table.column(x_label)),
          number_at(table, row, table.column(y_label))};
}

// What pickers leave for a micrograph without picks.
bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == text.npos;
}

// All coordinates of a file about one micrograph.
void append_file(const std::string& path, std::vector<PickPosition>& picks) {
  std::string text = read_whole_file(path, largest_file_bytes, ErrorKind::usage);
  if (is_blank(text))
    return;
  const StarFile star = StarFile::parse(std::move(text), path);
  for (const StarTable& table : star.tables())
    if (table.find_column(x_label))
      for (std::int64_t row = 0; row < table.row_count(); ++row)
        picks.push_back(position_at(table, row));
}

}  // namespace

PickList PickList::read(const std::string& path) {
  const bool is_suffix_file =
      std::filesystem::path(path).filename().string().starts_with(suffix_mark);
  PickList list = is_suffix_file ? read_files_beside(path) : read_table(path);
  for (const auto& [result_name, picks] : list.picks_)
    list.result_names_.emplace(stem_of(result_name), result_name);
  return list;
}

PickList PickList::read_files_beside(const std::string& path) {
  namespace fs = std::filesystem;
  const std::string suffix = fs::path(path).filename().string().substr(suffix_mark.size());
  const fs::path folder = fs::path(path).parent_path();
  PickList list;
  std::error_code error;
  fs::recursive_directory_iterator entry(folder.empty() ? fs::path(".") : folder, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!name.ends_with(suffix) || name.starts_with(suffix_mark))
      continue;
    const std::string inside =
        entry->path().lexically_relative(folder.empty() ? "." : folder).string();
    append_file(
        entry->path().string(),
        list.picks_[output_name_for(inside.substr(0, inside.size() - suffix.size()) + ".mrc")]);
  }
  if (list.picks_.empty())
    fail(ErrorKind::usage,
         "reading the coordinates '{}': expected files whose names end in '{}' beside and below it",
         path,
         suffix);
  return list;
}

PickList PickList::read_table(const std::string& path) {
  const StarFile star = StarFile::read(path);
  PickList list;
  for (const StarTable& table : star.tables()) {
    const auto name = table.find_column(name_label);
    const auto file = table.find_column(file_label);
    if (!name || (!file && !table.find_column(x_label)))
      continue;
    for (std::int64_t row = 0; row < table.row_count(); ++row) {
      std::vector<PickPosition>& picks = list.picks_[output_name_for(table.cell(row, *name))];
      if (file)
        append_file(std::string(table.cell(row, *file)), picks);
      else
        picks.push_back(position_at(table, row));
    }
  }
  if (list.picks_.empty())
    fail(ErrorKind::usage,
         "reading the coordinates '{}': expected a table with {} and either {} and {} or {}",
         path,
         name_label,
         x_label,
         y_label,
         file_label);
  return list;
}

const std::vector<PickPosition>& PickList::of(const std::string& micrograph) const {
  static const std::vector<PickPosition> none;
  const std::string result_name = output_name_for(micrograph);
  if (const auto found = picks_.find(result_name); found != picks_.end())
    return found->second;
  const auto [begin, end] = result_names_.equal_range(stem_of(result_name));
  return std::distance(begin, end) == 1 ? picks_.at(begin->second) : none;
}

}  // namespace limpid
