#include "plugin/output/report.h"

#include "core/io/star.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <limits>

using namespace limpid;
using namespace limpid::test;

namespace {

ItemResult failed(const std::string& name, const std::string& reason) {
  return {.name = name, .state = ItemState::failed, .reason = reason, .seconds = 0, .numbers = {}};
}

}  // namespace

TEST_CASE("failed list: names and reasons of what failed, in any characters") {
  const TemporaryFolder folder;
  const std::string path = folder.path("failed.star");
  const std::string long_reason = "'a': " + std::string(500, 'x') + " end";
  write_failed_list(
      path,
      {failed("two words.mrc", "reading 'two words.mrc': it's \"damaged\""),
       {.name = "good.mrc", .state = ItemState::done, .reason = {}, .seconds = 1, .numbers = {}},
       failed("$(x)\".mrc", long_reason),
       failed("a' b\" c\n.mrc", "x\ny"),
       failed("größe", "")});
  const StarFile star = StarFile::read(path);
  const StarTable& table = star.table("failed");
  REQUIRE(table.row_count() == 4);
  const std::size_t names = table.column("rlnMicrographName");
  const std::size_t reasons = table.column("limpidReason");
  CHECK(table.cell(0, names) == "two words.mrc");
  CHECK(table.cell(0, reasons) == "reading 'two words.mrc': it's \"damaged\"");
  CHECK(table.cell(1, names) == "$(x)\".mrc");
  CHECK(table.cell(1, reasons) == long_reason);
  CHECK(table.cell(2, names) == "a' b' c?.mrc");
  CHECK(table.cell(2, reasons) == "x?y");
  CHECK(table.cell(3, names) == "größe");
}

TEST_CASE("failed list: is there only while something fails") {
  const TemporaryFolder folder;
  const std::string path = folder.path("failed.star");
  write_failed_list(path, {});
  CHECK_FALSE(std::filesystem::exists(path));
  write_failed_list(path, {failed("a", "b")});
  CHECK(std::filesystem::exists(path));
  write_failed_list(path, {});
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("report: job, counts and items") {
  const TemporaryFolder folder;
  const std::string path = folder.path("report.json");
  Report written;
  written.job_json = R"({"job": "denoise"})";
  written.summary.done_count = 1;
  written.summary.skipped_count = 2;
  written.items = {{.name = "\xff.mrc",
                    .state = ItemState::done,
                    .reason = {},
                    .seconds = 2,
                    .numbers = {{"snr", std::numeric_limits<double>::quiet_NaN()}}},
                   failed("b.mrc", "no \"reason\"")};
  written.seconds = 3.5;
  write_report(path, written);
  const auto report = nlohmann::json::parse(content_of(path));
  CHECK(report.at("job").at("job") == "denoise");
  CHECK(report.at("done") == 1);
  CHECK(report.at("skipped") == 2);
  CHECK(report.at("seconds") == 3.5);
  CHECK(report.at("items").at(0).at("numbers").at("snr").is_null());
  CHECK(report.at("items").at(1).at("state") == "failed");
  CHECK(report.at("items").at(1).at("reason") == "no \"reason\"");
}
