#include "core/io/star_writer.h"

#include "core/base/error.h"
#include "core/io/printable.h"
#include "core/io/star_text.h"

#include <cmath>

namespace limpid {
namespace {

std::string stored(std::string_view value) {
  const std::optional<std::string> quoted = star_quoted(value, true);
  if (!quoted)
    fail(ErrorKind::usage,
         "writing a STAR file: the value '{}' cannot be held by one",
         printable(value));
  return *quoted;
}

}  // namespace

void StarWriter::begin_table(std::string_view name) {
  text_ = text();
  column_count_ = 0;
  require(name.empty() || star_is_label(name), "'{}' is not a STAR table name", name);
  text_ += fmt::format("\n# version 30001\n\ndata_{}\n\n", name);
}

void StarWriter::add_list(
    std::string_view name,
    const std::vector<std::pair<std::string, std::string>>& labels_and_values) {
  begin_table(name);
  for (const auto& [label, value] : labels_and_values) {
    require(star_is_label(label), "'{}' is not a STAR label", label);
    text_ += fmt::format("_{:<40} {:>12}\n", label, stored(value));
  }
  text_ += '\n';
}

void StarWriter::begin_loop(std::string_view name, const std::vector<std::string>& labels) {
  begin_table(name);
  text_ += "loop_\n";
  for (std::size_t i = 0; i < labels.size(); ++i) {
    require(star_is_label(labels[i]), "'{}' is not a STAR label", labels[i]);
    text_ += fmt::format("_{} #{}\n", labels[i], i + 1);
  }
  column_count_ = labels.size();
}

void StarWriter::add_row(const std::vector<std::string>& values) {
  require(column_count_ > 0 && values.size() == column_count_,
          "a row of {} values for a STAR table of {} columns",
          values.size(),
          column_count_);
  for (std::size_t i = 0; i < values.size(); ++i)
    text_ += fmt::format("{}{:>12}", i == 0 ? "" : " ", stored(values[i]));
  text_ += '\n';
}

// A blank line ends a loop.
std::string StarWriter::text() const {
  return column_count_ > 0 ? text_ + '\n' : text_;
}

std::string star_number(double value) {
  const double size = std::abs(value);
  const bool needs_exponent = size > 0 && (size < 0.001 || size >= 100000);
  return needs_exponent ? fmt::format("{:.5e}", value) : fmt::format("{:.6f}", value);
}

std::string star_number(std::int64_t value) {
  return fmt::format("{}", value);
}

}  // namespace limpid
