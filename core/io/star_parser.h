#pragma once

#include "core/io/star.h"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace limpid {

// Finds the tables, labels and cells of a STAR file. Used once, by StarFile::parse.
class StarParser {
 public:
  StarParser(std::shared_ptr<const StarTable::Source> source, const StarOptions& options);

  std::vector<StarTable> parse();

 private:
  using Span = StarTable::Span;

  // What the line before has left us in.
  enum class State { before_tables, table_begun, list, loop_labels, loop_rows };

  void read_line();
  void split_line();
  std::size_t token_end(std::size_t begin, std::size_t line_end);
  void take_blank_line();
  void take_comment_line();
  void take_line();
  void take_row();
  void begin_table(std::string_view first);
  void begin_loop();
  void take_label();
  void add_label(std::string_view token);
  void finish_table();
  bool begins_table(std::string_view first) const;
  bool table_body_follows() const;

  std::string_view text(Span span) const;
  template <class... Args>
  [[noreturn]] void fail_here(fmt::format_string<Args...> format, Args&&... args) const;

  std::shared_ptr<const StarTable::Source> source_;
  const std::string& bytes_;
  StarOptions options_;
  std::vector<StarTable> tables_;
  std::unordered_set<std::string> table_names_;
  std::unordered_set<std::string> labels_of_table_;
  State state_ = State::before_tables;
  bool after_blank_line_ = false;  // in the rows of a loop
  bool has_warned_of_comment_ = false;

  // The current line.
  std::size_t line_number_ = 0;
  Span line_;                  // without the line end
  std::size_t next_line_ = 0;  // offset
  std::vector<Span> tokens_;   // without comments
  bool has_comment_ = false;
};

}  // namespace limpid
