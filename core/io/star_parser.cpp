#include "core/io/star_parser.h"

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/io/printable.h"
#include "core/io/star_text.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace limpid {

StarParser::StarParser(std::shared_ptr<const StarTable::Source> source, const StarOptions& options)
    : source_(std::move(source)), bytes_(source_->bytes), options_(options) {}

template <class... Args>
void StarParser::fail_here(fmt::format_string<Args...> format, Args&&... args) const {
  fail(ErrorKind::usage,
       "reading '{}:{}': {}",
       source_->name,
       line_number_,
       fmt::format(format, std::forward<Args>(args)...));
}

std::string_view StarParser::text(Span span) const {
  return std::string_view(bytes_).substr(span.begin, span.end - span.begin);
}

std::vector<StarTable> StarParser::parse() {
  // Offsets have 32 bits.
  const std::size_t limit = std::min(options_.largest_file_bytes, std::size_t{0xffffffff});
  if (bytes_.size() > limit)
    fail(ErrorKind::usage,
         "reading '{}': the file has {} bytes, at most {} are allowed",
         source_->name,
         bytes_.size(),
         limit);
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  next_line_ = bytes_.starts_with(byte_order_mark) ? byte_order_mark.size() : 0;
  while (next_line_ < bytes_.size()) {
    read_line();
    if (tokens_.empty() && !has_comment_)
      take_blank_line();
    else if (tokens_.empty())
      take_comment_line();
    else
      take_line();
  }
  finish_table();
  if (tables_.empty())
    fail(ErrorKind::usage,
         "reading '{}': no table found, expected a line that begins with 'data_'",
         source_->name);
  return std::move(tables_);
}

void StarParser::read_line() {
  ++line_number_;
  const std::size_t begin = next_line_;
  std::size_t end = std::min(bytes_.find('\n', begin), bytes_.size());
  next_line_ = std::min(end + 1, bytes_.size());
  if (end > begin && bytes_[end - 1] == '\r')
    --end;
  if (end - begin > options_.largest_line_bytes)
    fail_here(
        "the line has {} bytes, at most {} are allowed", end - begin, options_.largest_line_bytes);
  line_ = {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
  if (text(line_).find('\0') != std::string_view::npos)
    fail_here("a NUL byte; this is not a text file");
  split_line();
}

void StarParser::split_line() {
  tokens_.clear();
  has_comment_ = false;
  std::size_t position = line_.begin;
  while (true) {
    while (position < line_.end && star_is_space(bytes_[position]))
      ++position;
    if (position == line_.end)
      return;
    if (bytes_[position] == '#') {
      has_comment_ = true;
      return;
    }
    const std::size_t end = token_end(position, line_.end);
    tokens_.push_back({static_cast<std::uint32_t>(position), static_cast<std::uint32_t>(end)});
    position = end;
  }
}

std::size_t StarParser::token_end(std::size_t begin, std::size_t line_end) {
  const char quote = bytes_[begin];
  if (!star_is_quote(quote)) {
    std::size_t end = begin + 1;
    while (end < line_end && !star_is_space(bytes_[end]))
      ++end;
    return end;
  }
  for (std::size_t end = begin + 1; end < line_end; ++end)
    if (bytes_[end] == quote && (end + 1 == line_end || star_is_space(bytes_[end + 1])))
      return end + 1;
  fail_here("a quoted value without its closing {}", quote);
}

void StarParser::take_blank_line() {
  if (state_ == State::loop_rows)
    after_blank_line_ = true;
}

void StarParser::take_comment_line() {
  if (state_ != State::loop_rows || after_blank_line_ || has_warned_of_comment_)
    return;
  has_warned_of_comment_ = true;
  log_warning(
      "reading '{}:{}': a comment among the rows of 'data_{}'; other programs may refuse it",
      source_->name,
      line_number_,
      printable(tables_.back().name_));
}

void StarParser::take_line() {
  const std::string_view first = text(tokens_[0]);
  if (begins_table(first))
    return begin_table(first);
  if (state_ == State::before_tables)
    fail_here("'{}' in front of the first table, expected a line that begins with 'data_'",
              printable(first));
  if (first.front() == ';')
    fail_here("a value that begins with ';' (text of several lines is not supported)");
  if (first.front() == '_')
    return take_label();
  const bool is_loop_keyword = first.size() == 5 && star_begins_with(first, "loop_");
  if (is_loop_keyword && !(state_ == State::loop_rows && tables_.back().labels_.size() == 1))
    return begin_loop();
  if (state_ != State::loop_labels && state_ != State::loop_rows)
    fail_here("the value '{}' without a label", printable(first));
  take_row();
}

// File names may begin with "data_" too: such a line is a row if it has the form of one and nothing
// else speaks for a new table.
bool StarParser::begins_table(std::string_view first) const {
  if (!star_begins_with(first, "data_"))
    return false;
  if (state_ != State::loop_labels && state_ != State::loop_rows)
    return true;
  const std::size_t column_count = tables_.back().labels_.size();
  if (tokens_.size() != 1)
    return false;
  return column_count != 1 || after_blank_line_ || table_body_follows();
}

// Whether the next line that is not blank or a comment begins with a label or "loop_".
bool StarParser::table_body_follows() const {
  std::size_t position = next_line_;
  while (position < bytes_.size()) {
    while (position < bytes_.size() && star_is_space(bytes_[position]))
      ++position;
    if (position == bytes_.size() || bytes_[position] != '#')
      break;
    position = std::min(bytes_.find('\n', position), bytes_.size());
  }
  const std::string_view rest = std::string_view(bytes_).substr(position);
  return rest.starts_with('_') || star_begins_with(rest.substr(0, 5), "loop_");
}

void StarParser::begin_table(std::string_view first) {
  finish_table();
  if (tokens_.size() > 1)
    fail_here("'{}' behind the name of a table", printable(text(tokens_[1])));
  if (tables_.size() == options_.largest_table_count)
    fail_here("more than {} tables", options_.largest_table_count);
  StarTable table;
  table.source_ = source_;
  table.name_ = first.substr(5);
  if (!table_names_.insert(table.name_).second)
    fail_here("a second table 'data_{}'", printable(table.name_));
  tables_.push_back(std::move(table));
  labels_of_table_.clear();
  state_ = State::table_begun;
  after_blank_line_ = false;
}

void StarParser::begin_loop() {
  if (state_ != State::table_begun)
    fail_here("a second 'loop_', or one behind single values, in table 'data_{}'",
              printable(tables_.back().name_));
  if (tokens_.size() > 1)
    fail_here("'{}' behind 'loop_', expected on the next line", printable(text(tokens_[1])));
  tables_.back().is_loop_ = true;
  state_ = State::loop_labels;
}

void StarParser::take_label() {
  const std::string_view label = text(tokens_[0]);
  if (state_ == State::loop_rows)
    fail_here(
        "'{}' behind the rows of table 'data_{}'; a label must come before them, a value "
        "that begins with '_' in quotes",
        printable(label),
        printable(tables_.back().name_));
  if (state_ == State::loop_labels) {
    if (tokens_.size() > 1)
      fail_here(
          "'{}' behind the label '{}' of a loop", printable(text(tokens_[1])), printable(label));
    return add_label(label);
  }
  if (tokens_.size() != 2)
    fail_here("the label '{}' has {} values, expected 1 on the same line",
              printable(label),
              tokens_.size() - 1);
  state_ = State::list;
  add_label(label);
  tables_.back().cells_.push_back(tokens_[1]);
}

// "_label#2" without a space occurs; the number is not part of the label.
void StarParser::add_label(std::string_view token) {
  StarTable& table = tables_.back();
  const std::string label(token.substr(1, token.find('#') - 1));
  if (!star_is_label(label))
    fail_here("'{}' is not a label", printable(token));
  if (!labels_of_table_.insert(label).second)
    fail_here("a second label '_{}' in table 'data_{}'", printable(label), printable(table.name_));
  if (table.labels_.size() == options_.largest_column_count)
    fail_here("more than {} columns", options_.largest_column_count);
  table.labels_.push_back(label);
  table.labels_end_ = static_cast<std::uint32_t>(next_line_);
}

void StarParser::take_row() {
  StarTable& table = tables_.back();
  if (tokens_.size() != table.labels_.size())
    fail_here("a row of {} values in table 'data_{}', which has {} columns",
              tokens_.size(),
              printable(table.name_),
              table.labels_.size());
  if (after_blank_line_ && !options_.lenient)
    fail_here(
        "a row behind a blank line in table 'data_{}'; other programs end the table there "
        "and drop the rest",
        printable(table.name_));
  state_ = State::loop_rows;
  after_blank_line_ = false;
  table.cells_.insert(table.cells_.end(), tokens_.begin(), tokens_.end());
  table.lines_.push_back({line_.begin, static_cast<std::uint32_t>(next_line_)});
}

void StarParser::finish_table() {
  if (tables_.empty())
    return;
  StarTable& table = tables_.back();
  if (table.is_loop_ && table.labels_.empty())
    fail_here("the 'loop_' of table 'data_{}' has no labels", printable(table.name_));
  table.stored_column_count_ = table.labels_.size();
  table.rows_.resize(table.is_loop_ ? table.lines_.size() : !table.labels_.empty());
  std::iota(table.rows_.begin(), table.rows_.end(), 0u);
}

}  // namespace limpid
