#include "plugin/evaluation/score_files.h"

#include "core/io/star_writer.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstddef>
#include <utility>

namespace limpid {
namespace {

using Json = nlohmann::ordered_json;

Json group_json(const ScoreTable& table, const ScoreGroup& group) {
  Json methods = Json::array();
  for (const ScoreRow& row : group.rows) {
    Json method = {{"method", row.method}};
    for (std::size_t i = 0; i < row.values.size(); ++i)
      if (row.values[i])
        method[table.columns()[i].key] =
            std::isfinite(*row.values[i]) ? Json(*row.values[i]) : Json(nullptr);
    methods.push_back(std::move(method));
  }
  Json json = {{"name", group.name}};
  for (const auto& [key, value] : group.facts)
    json[key] = value;
  json["methods"] = std::move(methods);
  return json;
}

// "psnr_db" becomes "limpidPsnrDb": labels of STAR columns have no underscores by convention.
std::string star_label(const std::string& key) {
  std::string label = "limpid";
  bool starts_word = true;
  for (const char c : key) {
    if (c == '_' || c == '.') {
      starts_word = true;
      continue;
    }
    label += starts_word ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    starts_word = false;
  }
  return label;
}

std::string star_value(std::optional<double> value) {
  if (!value || std::isnan(*value))
    return "nan";
  if (std::isinf(*value))
    return *value > 0 ? "inf" : "-inf";
  return star_number(*value);
}

// A file name may hold what no STAR value can: line ends, and both kinds of quotes.
std::string star_name(std::string name) {
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::iscntrl(c) != 0; }, '?');
  if (name.find('"') != std::string::npos)
    std::replace(name.begin(), name.end(), '\'', '`');
  return name;
}

}  // namespace

std::string scores_json(const std::vector<ScoreTable>& tables) {
  Json json = {{"tables", Json::array()}};
  for (const ScoreTable& table : tables) {
    if (table.empty())
      continue;
    Json micrographs = Json::array();
    for (const ScoreGroup& group : table.groups())
      micrographs.push_back(group_json(table, group));
    json["tables"].push_back({{"table", table.name()},
                              {"title", table.title()},
                              {"micrographs", std::move(micrographs)},
                              {"mean", group_json(table, table.mean())["methods"]}});
  }
  // Names are bytes; those that are not UTF-8 must not stop the report.
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::string scores_star(const std::vector<ScoreTable>& tables) {
  StarWriter writer;
  for (const ScoreTable& table : tables) {
    if (table.empty())
      continue;
    std::vector<std::string> labels = {"rlnMicrographName", "limpidMethod"};
    for (const ScoreColumn& column : table.columns())
      labels.push_back(star_label(column.key));
    writer.begin_loop(table.name(), labels);
    for (const ScoreGroup& group : table.groups())
      for (const ScoreRow& row : group.rows) {
        std::vector<std::string> values = {star_name(group.name), row.method};
        for (const auto& value : row.values)
          values.push_back(star_value(value));
        writer.add_row(values);
      }
  }
  return writer.text();
}

}  // namespace limpid
