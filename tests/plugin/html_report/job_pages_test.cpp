#include "plugin/html_report/denoising_page.h"
#include "plugin/html_report/training_page.h"
#include "tests/support/catch.h"

#include <algorithm>
#include <string>
#include <vector>

using namespace limpid;

namespace {

DenoisedRecord record(const std::string& name, std::map<std::string, double> numbers) {
  numbers.insert({{"noise_left", 0.02}, {"band_noise_left", 0.03}, {"seam", 1.1}});
  DenoisedRecord result;
  result.entry.name = name;
  result.numbers = std::move(numbers);
  return result;
}

std::map<std::string, double> with_halves(double snr_after) {
  return {{"snr_before", 0.05},
          {"snr_before_error", 0.004},
          {"snr_after", snr_after},
          {"snr_after_error", 0.3},
          {"error_fraction", 1 / snr_after},
          {"bias_fraction", 0.1},
          {"frc_excess", 0.01},
          {"half_dependence", 0.5}};
}

std::string text_of(const ReportPage& page) {
  std::string text;
  for (const PageNumber& number : page.numbers)
    text += number.value + "\n" + number.sentence + "\n";
  for (const std::string& line : page.unknown)
    text += line + "\n";
  return text;
}

}  // namespace

TEST_CASE("denoising page: the doubtful come first, then the lowest SNR") {
  auto leaking = with_halves(9);
  leaking["frc_excess"] = 0.4;
  const ReportPage page = denoising_page(
      {record("good", with_halves(5)), record("poor", with_halves(2)), record("leaking", leaking)},
      {},
      {"model"},
      {.done_count = 3, .result = "3 denoised\nmore"});
  REQUIRE(page.tables.size() == 1);
  const auto& rows = page.tables[0].rows;
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].cells[0] == "leaking");
  CHECK(rows[0].is_flagged);
  CHECK_THAT(rows[0].cells.back(), ContainsSubstring("above its bound"));
  CHECK(rows[1].cells[0] == "poor");
  CHECK_FALSE(rows[1].is_flagged);
  CHECK(rows[0].cells.size() == page.tables[0].columns.size());
  CHECK(page.lines == std::vector<std::string>{"model", "3 denoised"});
  CHECK_THAT(text_of(page),
             ContainsSubstring("1 of 3 to look at") &&
                 ContainsSubstring("SNR 0.05 \u00b1 0.004 \u2192 5 \u00b1 0.3"));
  CHECK(page.unknown.empty());
}

TEST_CASE("denoising page: without halves it says which numbers cannot be known") {
  const ReportPage page =
      denoising_page({record("a", {}), record("b", with_halves(3))}, {}, {}, {});
  CHECK_THAT(text_of(page), ContainsSubstring("1 of 2 micrographs have no even and odd halves"));
  const ReportPage none = denoising_page({record("a", {})}, {}, {}, {});
  CHECK_THAT(text_of(none), !ContainsSubstring("SNR 0"));
  CHECK_THAT(none.tables[0].rows[0].cells.back(), ContainsSubstring("cannot be known"));
  CHECK(denoising_page({}, {}, {}, {}).tables.empty());
}

TEST_CASE("denoising page: a long list is cut, and says so") {
  const std::vector<DenoisedRecord> records(3000, record("x", with_halves(2)));
  const ReportPage page = denoising_page(records, {}, {}, {});
  CHECK(page.tables[0].rows.size() == 1000);
  CHECK(page.tables[0].left_out_count == 2000);
}

TEST_CASE("training page: what the losses say") {
  const std::vector<TrainingRow> rows = {
      {0, 0, 0, 1.0, 1e-3, 0}, {10, 1, 0.9, 0.8, 1e-3, 5}, {20, 2, 0.9, 0.85, 1e-3, 9}};
  const ReportPage page = training_page(rows, {}, {}, {});
  CHECK_THAT(text_of(page),
             ContainsSubstring("1 \u2192 0.8") && ContainsSubstring("best at step 10 of 20"));
  CHECK(page.tables[0].rows[1].is_flagged);
  CHECK(page.plots.size() == 1);
  CHECK_THAT(
      text_of(training_page({{0, 0, 0, 1.0, 1e-3, 0}, {10, 1, 1, 1.1, 1e-3, 1}}, {}, {}, {})),
      ContainsSubstring("no gain"));
  CHECK(training_page({}, {}, {}, {}).numbers.empty());
}
