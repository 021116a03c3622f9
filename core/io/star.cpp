#include "core/io/star.h"

#include "core/base/error.h"
#include "core/io/input_file.h"
#include "core/io/printable.h"
#include "core/io/star_parser.h"
#include "core/io/star_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace limpid {

std::optional<std::size_t> StarTable::find_column(std::string_view label) const {
  const auto found = std::find(labels_.begin(), labels_.end(), label);
  if (found == labels_.end())
    return std::nullopt;
  return static_cast<std::size_t>(found - labels_.begin());
}

std::size_t StarTable::column(std::string_view label) const {
  const std::optional<std::size_t> found = find_column(label);
  if (!found)
    fail(ErrorKind::usage,
         "reading '{}': table 'data_{}' has no column '_{}'",
         source_->name,
         printable(name_),
         label);
  return *found;
}

std::string_view StarTable::text(Span span) const {
  return std::string_view(source_->bytes).substr(span.begin, span.end - span.begin);
}

void StarTable::check_cell(std::int64_t row, std::size_t column) const {
  require(row >= 0 && row < row_count() && column < column_count(),
          "cell {}, {} of a table with {} rows and {} columns",
          row,
          column,
          row_count(),
          column_count());
}

std::string_view StarTable::cell(std::int64_t row, std::size_t column) const {
  check_cell(row, column);
  const std::size_t stored_row = rows_[static_cast<std::size_t>(row)];
  if (column >= stored_column_count_)
    return appended_columns_[column - stored_column_count_][stored_row];
  const std::size_t index = stored_row * stored_column_count_ + column;
  if (!changed_cells_.empty())
    if (const auto changed = changed_cells_.find(index); changed != changed_cells_.end())
      return changed->second;
  const std::string_view raw = text(cells_[index]);
  return star_is_quote(raw.front()) ? raw.substr(1, raw.size() - 2) : raw;
}

std::string StarTable::position(std::int64_t row) const {
  check_cell(row, 0);
  const std::size_t stored_row = rows_[static_cast<std::size_t>(row)];
  const auto end = source_->bytes.begin() + cells_[stored_row * stored_column_count_].begin;
  return fmt::format("{}:{}", source_->name, 1 + std::count(source_->bytes.begin(), end, '\n'));
}

// In a table of one column a value could be taken for the beginning of another table.
std::string StarTable::as_stored(std::string_view value) const {
  const std::optional<std::string> stored =
      star_quoted(value, is_loop_ && stored_column_count_ == 1);
  if (!stored)
    fail(ErrorKind::usage,
         "writing to table 'data_{}' of '{}': the value '{}' cannot be held by a STAR file",
         printable(name_),
         source_->name,
         printable(value));
  return *stored;
}

void StarTable::set_cell(std::int64_t row, std::size_t column, std::string_view value) {
  check_cell(row, column);
  static_cast<void>(as_stored(value));  // throws if it cannot be written
  const std::size_t stored_row = rows_[static_cast<std::size_t>(row)];
  if (column >= stored_column_count_)
    appended_columns_[column - stored_column_count_][stored_row] = value;
  else
    changed_cells_[stored_row * stored_column_count_ + column] = value;
}

std::size_t StarTable::append_column(std::string_view label,
                                     const std::vector<std::string>& values) {
  require(stored_column_count_ > 0, "a column appended to the empty table 'data_{}'", name_);
  require(static_cast<std::int64_t>(values.size()) == row_count(),
          "{} values for a column of {} rows",
          values.size(),
          row_count());
  require(star_is_label(label), "'{}' is not a STAR label", label);
  if (find_column(label))
    fail(ErrorKind::usage,
         "writing to table 'data_{}' of '{}': it already has a column '_{}'",
         printable(name_),
         source_->name,
         label);
  for (const std::string& value : values)
    static_cast<void>(as_stored(value));
  std::vector<std::string> by_stored_row(cells_.size() / stored_column_count_);
  for (std::size_t row = 0; row < values.size(); ++row)
    by_stored_row[rows_[row]] = values[row];
  labels_.emplace_back(label);
  appended_columns_.push_back(std::move(by_stored_row));
  return labels_.size() - 1;
}

void StarTable::keep_rows(const std::vector<bool>& is_kept) {
  require(is_loop_ && static_cast<std::int64_t>(is_kept.size()) == row_count(),
          "{} flags for the {} rows of table 'data_{}'",
          is_kept.size(),
          row_count(),
          name_);
  std::vector<std::uint32_t> kept;
  for (std::size_t row = 0; row < rows_.size(); ++row)
    if (is_kept[row])
      kept.push_back(rows_[row]);
  rows_ = std::move(kept);
}

// Lines for appended columns: a bare label in a loop, a label with its value in a list.
void StarTable::collect_new_labels(std::vector<Edit>& edits) const {
  if (appended_columns_.empty())
    return;
  const std::string_view before = std::string_view(source_->bytes).substr(0, labels_end_);
  const std::string line_end = before.ends_with("\r\n") ? "\r\n" : "\n";
  std::string lines = before.ends_with('\n') ? "" : line_end;
  for (std::size_t i = 0; i < appended_columns_.size(); ++i) {
    const std::size_t column = stored_column_count_ + i;
    lines += is_loop_ ? fmt::format("_{} #{}", labels_[column], column + 1)
                      : fmt::format("_{} {}", labels_[column], as_stored(appended_columns_[i][0]));
    lines += line_end;
  }
  edits.push_back({labels_end_, labels_end_, std::move(lines)});
}

void StarTable::collect_edits(std::vector<Edit>& edits) const {
  collect_new_labels(edits);
  std::vector<bool> is_kept(stored_column_count_ == 0 ? 0 : cells_.size() / stored_column_count_);
  for (const std::uint32_t row : rows_)
    is_kept[row] = true;
  for (std::size_t row = 0; row < lines_.size(); ++row)
    if (!is_kept[row])
      edits.push_back({lines_[row].begin, lines_[row].end, {}});
  for (const auto& [index, value] : changed_cells_)
    if (is_kept[index / stored_column_count_])
      edits.push_back({cells_[index].begin, cells_[index].end, as_stored(value)});
  if (!is_loop_ || appended_columns_.empty())
    return;
  for (const std::uint32_t row : rows_) {
    const std::uint32_t row_end = cells_[(row + 1) * stored_column_count_ - 1].end;
    std::string values;
    for (const auto& column : appended_columns_)
      values += ' ' + as_stored(column[row]);
    edits.push_back({row_end, row_end, std::move(values)});
  }
}

StarFile StarFile::read(const std::string& path, const StarOptions& options) {
  return parse(read_whole_file(path, options.largest_file_bytes, ErrorKind::usage), path, options);
}

StarFile StarFile::parse(std::string bytes,
                         const std::string& name_for_errors,
                         const StarOptions& options) {
  StarFile file;
  const auto source = std::make_shared<StarTable::Source>();
  source->name = name_for_errors;
  source->bytes = std::move(bytes);
  file.source_ = source;
  file.tables_ = StarParser(source, options).parse();
  return file;
}

StarTable* StarFile::find_table(std::string_view name) {
  return const_cast<StarTable*>(std::as_const(*this).find_table(name));
}

const StarTable* StarFile::find_table(std::string_view name) const {
  const auto found = std::find_if(
      tables_.begin(), tables_.end(), [&](const StarTable& table) { return table.name() == name; });
  return found == tables_.end() ? nullptr : &*found;
}

StarTable& StarFile::table(std::string_view name) {
  return const_cast<StarTable&>(std::as_const(*this).table(name));
}

const StarTable& StarFile::table(std::string_view name) const {
  if (const StarTable* found = find_table(name))
    return *found;
  std::vector<std::string> present;
  for (const StarTable& table : tables_)
    present.push_back("data_" + table.name());
  fail(ErrorKind::usage,
       "reading '{}': there is no table 'data_{}', only {}",
       source_->name,
       name,
       printable(fmt::format("{}", fmt::join(present, ", "))));
}

std::string StarFile::text() const {
  std::vector<StarTable::Edit> edits;
  for (const StarTable& table : tables_)
    table.collect_edits(edits);
  std::stable_sort(
      edits.begin(), edits.end(), [](const auto& a, const auto& b) { return a.begin < b.begin; });
  std::string result;
  result.reserve(source_->bytes.size());
  std::size_t position = 0;
  for (const StarTable::Edit& edit : edits) {
    result.append(source_->bytes, position, edit.begin - position);
    result += edit.replacement;
    position = edit.end;
  }
  result.append(source_->bytes, position);
  return result;
}

}  // namespace limpid
