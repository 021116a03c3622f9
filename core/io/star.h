#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// STAR files as line-based processing programs write them: "data_NAME" begins a table, which is
// either a loop ("loop_", "_label" lines, one row a line) or a list ("_label value" lines). A file
// is kept as its bytes with an index, so that everything that is not edited is written back as it
// was: comments, spaces, line ends, quotes.
namespace limpid {

struct StarOptions {
  // Accepts rows behind a blank line in a loop. Programs that end the loop there would lose them,
  // so they are an error otherwise.
  bool lenient = false;
  std::size_t largest_file_bytes = std::size_t{1} << 30;
  std::size_t largest_line_bytes = std::size_t{16} << 20;
  std::size_t largest_column_count = 10000;
  std::size_t largest_table_count = 100000;
};

// One table of a StarFile. Labels are given without the leading underscore.
class StarTable {
 public:
  // What follows "data_"; may be empty.
  const std::string& name() const { return name_; }
  bool is_loop() const { return is_loop_; }
  // A list has one row, or none if it is empty.
  std::int64_t row_count() const { return static_cast<std::int64_t>(rows_.size()); }
  std::size_t column_count() const { return labels_.size(); }
  const std::string& label(std::size_t column) const { return labels_.at(column); }
  std::optional<std::size_t> find_column(std::string_view label) const;
  // Throws Error(ErrorKind::usage) that names the file and the table.
  std::size_t column(std::string_view label) const;

  // The value without its quotes; valid until the table is edited or destroyed.
  std::string_view cell(std::int64_t row, std::size_t column) const;
  // "FILE:LINE" of a row, for messages.
  std::string position(std::int64_t row) const;

  // Quotes are added where the value needs them. A value that no line can hold (a line end, NUL, or
  // both kinds of quotes in front of spaces) throws Error(ErrorKind::usage).
  void set_cell(std::int64_t row, std::size_t column, std::string_view value);
  // One value for each row; returns the index of the new column.
  std::size_t append_column(std::string_view label, const std::vector<std::string>& values);
  // Removes the rows of a loop whose flag is false; the others move up.
  void keep_rows(const std::vector<bool>& is_kept);

 private:
  friend class StarFile;
  friend class StarParser;

  struct Source {
    std::string name;
    std::string bytes;
  };
  // Bytes [begin, end) of the source.
  struct Span {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
  };
  struct Edit {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    std::string replacement;
  };

  std::string_view text(Span span) const;
  std::string as_stored(std::string_view value) const;
  void check_cell(std::int64_t row, std::size_t column) const;
  void collect_edits(std::vector<Edit>& edits) const;
  void collect_new_labels(std::vector<Edit>& edits) const;

  std::shared_ptr<const Source> source_;
  std::string name_;
  bool is_loop_ = false;
  std::vector<std::string> labels_;
  std::size_t stored_column_count_ = 0;  // the rest was appended
  std::uint32_t labels_end_ = 0;         // behind the line of the last label
  std::vector<Span> cells_;              // with quotes; row-major
  std::vector<Span> lines_;              // of the stored rows of a loop, with the line end
  std::vector<std::uint32_t> rows_;      // the stored row of each row
  // New values by stored row * column_count + column of the stored columns.
  std::map<std::size_t, std::string> changed_cells_;
  std::vector<std::vector<std::string>> appended_columns_;  // by stored row
};

class StarFile {
 public:
  // Throw Error(ErrorKind::usage) with "FILE:LINE" and what is wrong there; what other programs may
  // misread is logged as a warning.
  static StarFile read(const std::string& path, const StarOptions& options = {});
  static StarFile parse(std::string bytes,
                        const std::string& name_for_errors,
                        const StarOptions& options = {});

  std::vector<StarTable>& tables() { return tables_; }
  const std::vector<StarTable>& tables() const { return tables_; }
  // Null if there is none.
  StarTable* find_table(std::string_view name);
  const StarTable* find_table(std::string_view name) const;
  // Throw Error(ErrorKind::usage) that lists the tables there are.
  StarTable& table(std::string_view name);
  const StarTable& table(std::string_view name) const;

  // The whole file with the edits; without edits, the bytes that were read.
  std::string text() const;

 private:
  std::shared_ptr<const StarTable::Source> source_;
  std::vector<StarTable> tables_;
};

}  // namespace limpid
