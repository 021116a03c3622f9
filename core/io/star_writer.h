#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace limpid {

// Builds the text of a new STAR file, table after table, in the layout that line-based readers
// expect: "# version", blank line, "data_NAME", blank line, "loop_", labels with their numbers, one
// row a line, blank line. Labels come without the leading underscore. Values are quoted where they
// need it; one that no line can hold throws Error(ErrorKind::usage).
class StarWriter {
 public:
  // A table of single values.
  void add_list(std::string_view name,
                const std::vector<std::pair<std::string, std::string>>& labels_and_values);

  // Rows follow with add_row.
  void begin_loop(std::string_view name, const std::vector<std::string>& labels);
  void add_row(const std::vector<std::string>& values);

  std::string text() const;

 private:
  void begin_table(std::string_view name);

  std::string text_;
  std::size_t column_count_ = 0;  // of the loop that is being written; 0 if there is none
};

// Numbers as other programs of the field write them: six decimals, or six digits and an exponent
// where these would not show the value.
std::string star_number(double value);
std::string star_number(std::int64_t value);

}  // namespace limpid
