#include "plugin/trust/trust_list.h"

#include "core/io/star_writer.h"
#include "plugin/trust/trust_columns.h"
#include "plugin/trust/trust_numbers.h"

#include <fmt/format.h>

namespace limpid {
namespace {

// What the columns are, above the table: readers of STAR files skip it.
std::string explanation() {
  std::string text = "# What can be trusted, for each denoised micrograph; nan: cannot be known.\n";
  for (const TrustColumn& column : trust_columns())
    text += fmt::format("# {}: {}\n", column.label, column.meaning);
  return text;
}

}  // namespace

std::string trust_list(const std::vector<TrustRow>& rows) {
  std::vector<std::string> labels = {"rlnMicrographName"};
  for (const TrustColumn& column : trust_columns())
    labels.push_back(column.label);
  labels.emplace_back("limpidRemark");
  StarWriter writer;
  writer.begin_loop("trust", labels);
  for (const TrustRow& row : rows) {
    std::vector<std::string> values = {row.micrograph_name};
    for (const TrustColumn& column : trust_columns()) {
      const auto found = row.numbers.find(column.key);
      values.push_back(found == row.numbers.end() ? "nan" : star_number(found->second));
    }
    const std::string remark = trust_remark(row.numbers);
    values.push_back(remark.empty() ? "none" : remark);
    writer.add_row(values);
  }
  return explanation() + writer.text();
}

}  // namespace limpid
