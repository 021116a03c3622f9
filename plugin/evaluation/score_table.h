#pragma once

#include "plugin/evaluation/evaluation.h"
#include "plugin/evaluation/half_evaluation.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// The scores of many micrographs as one table of numbers, for people and for files.
namespace limpid {

struct ScoreColumn {
  std::string title;  // in the table for people
  std::string key;    // in files, with the unit
  int decimals = 2;
  enum class Style : std::uint8_t {
    fixed,
    with_sign,
    significant  // `decimals` significant digits, for numbers of any size
  } style = Style::fixed;
};

struct ScoreRow {
  std::string method;
  std::vector<std::optional<double>> values;  // one a column
};

// The rows of one micrograph, or of the mean of all.
struct ScoreGroup {
  std::string name;
  std::string description;                            // for people
  std::vector<std::pair<std::string, double>> facts;  // the same for files, units in the names
  std::vector<ScoreRow> rows;
};

class ScoreTable {
 public:
  // `name` is for files; `title` and `legend` tell people what the numbers are.
  ScoreTable(std::string name,
             std::string title,
             std::string legend,
             std::vector<ScoreColumn> columns);

  void add(ScoreGroup group);

  const std::vector<ScoreColumn>& columns() const { return columns_; }
  const std::vector<ScoreGroup>& groups() const { return groups_; }
  const std::string& name() const { return name_; }
  const std::string& title() const { return title_; }
  const std::string& legend() const { return legend_; }
  bool empty() const { return groups_.empty(); }

  // For each method the means of those numbers that exist and are finite.
  ScoreGroup mean() const;

 private:
  std::string name_;
  std::string title_;
  std::string legend_;
  std::vector<ScoreColumn> columns_;
  std::vector<ScoreGroup> groups_;
};

// Tables without rows: of micrographs with particles, without, and of halves.
ScoreTable signal_table();
ScoreTable residual_table();
ScoreTable half_table();

// Rows for the first or the second of these tables, whichever `scores.has_signal` asks for.
ScoreGroup score_group(const std::string& name, const TruthScores& scores);
ScoreGroup score_group(const std::string& name, const HalfScores& scores);

// For people: all rows of each micrograph followed by the mean. Of more than ten micrographs only
// the first row of each.
std::string format_table(const ScoreTable& table);

}  // namespace limpid
