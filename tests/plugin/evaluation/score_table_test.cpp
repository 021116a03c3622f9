#include "plugin/evaluation/score_table.h"

#include "core/base/error.h"
#include "core/io/star.h"
#include "plugin/evaluation/score_files.h"
#include "tests/support/catch.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <vector>

using namespace limpid;

namespace {

ScoreTable small_table() {
  return {"small",
          "A small table",
          "legend\n",
          {{"PSNR", "psnr_db", 2},
           {"gain", "gain_db", 2, ScoreColumn::Style::with_sign},
           {"MSE", "mse", 3, ScoreColumn::Style::significant}}};
}

ScoreGroup group(const std::string& name, double psnr_db, std::optional<double> gain_db) {
  return {.name = name,
          .description = "4 x 4 px",
          .facts = {{"width_px", 4}},
          .rows = {{"denoised", {psnr_db, gain_db, 1234567.0}}, {"noisy", {1.0, 0.0, {}}}}};
}

constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("score table: the mean is over the numbers that exist and are finite") {
  ScoreTable table = small_table();
  table.add(group("a", 10, 2.0));
  table.add(group("b", 20, std::nullopt));
  table.add(group("c", infinity, 4.0));
  const ScoreGroup mean = table.mean();
  CHECK(mean.name == "mean of 3");
  REQUIRE(mean.rows.size() == 2);
  CHECK(mean.rows[0].method == "denoised");
  CHECK(*mean.rows[0].values[0] == 15);
  CHECK(*mean.rows[0].values[1] == 3);
  CHECK_FALSE(mean.rows[1].values[2]);
  CHECK_THROWS_AS(table.add({.name = "d", .description = "", .facts = {}, .rows = {{"x", {1.0}}}}),
                  Error);
}

TEST_CASE("score table: people see each method, then the mean") {
  ScoreTable table = small_table();
  table.add(group("a.mrc", 10, -0.001));
  table.add(group("b.mrc", infinity, std::nullopt));
  CHECK(format_table(table) ==
        "A small table\n"
        "             PSNR   gain       MSE\n"
        "a.mrc: 4 x 4 px\n"
        "  denoised  10.00  +0.00  1.23e+06\n"
        "  noisy      1.00  +0.00         -\n"
        "b.mrc: 4 x 4 px\n"
        "  denoised    inf      -  1.23e+06\n"
        "  noisy      1.00  +0.00         -\n"
        "mean of 2\n"
        "  denoised  10.00  +0.00  1.23e+06\n"
        "  noisy      1.00  +0.00         -\n"
        "legend\n");
}

TEST_CASE("score table: many micrographs take one line each") {
  ScoreTable table = small_table();
  for (int i = 0; i < 11; ++i)
    table.add(
        group(fmt::format("folder/of/a/long/name/that/goes/on/micrograph_{:02}.mrc", i), i, 1));
  const std::string text = format_table(table);
  CHECK_THAT(text,
             ContainsSubstring("...") && ContainsSubstring("micrograph_03.mrc   3.00  +1.00"));
  CHECK(std::count(text.begin(), text.end(), '\n') == 2 + 11 + 3 + 1);
}

TEST_CASE("score files: JSON and STAR hold every number, and names of any kind") {
  ScoreTable table = small_table();
  const std::string hostile = "a 'b' \"c\".mrc";
  table.add(group(hostile, infinity, std::nullopt));
  table.add(group("b.mrc", 12.345678901, 1.0));
  const std::vector<ScoreTable> tables = {signal_table(), table};

  const auto json = nlohmann::json::parse(scores_json(tables));
  REQUIRE(json["tables"].size() == 1);  // empty ones are left out
  const auto& small = json["tables"][0];
  CHECK(small["table"] == "small");
  CHECK(small["micrographs"][0]["name"] == hostile);
  CHECK(small["micrographs"][0]["width_px"] == 4);
  const auto& method = small["micrographs"][0]["methods"][0];
  CHECK(method["psnr_db"].is_null());
  CHECK_FALSE(method.contains("gain_db"));
  CHECK(small["micrographs"][1]["methods"][0]["psnr_db"] == 12.345678901);
  CHECK(small["mean"][0]["psnr_db"] == 12.345678901);

  const StarFile star = StarFile::parse(scores_star(tables), "scores");
  REQUIRE(star.tables().size() == 1);
  const StarTable& rows = star.table("small");
  REQUIRE(rows.row_count() == 4);
  CHECK(rows.cell(0, rows.column("limpidPsnrDb")) == "inf");
  CHECK(rows.cell(0, rows.column("limpidGainDb")) == "nan");
  CHECK(rows.cell(2, rows.column("rlnMicrographName")) == "b.mrc");
  CHECK(rows.cell(3, rows.column("limpidMethod")) == "noisy");
}
