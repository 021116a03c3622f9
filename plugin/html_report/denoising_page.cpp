#include "plugin/html_report/denoising_page.h"

#include "plugin/trust/trust_columns.h"
#include "plugin/trust/trust_numbers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <tuple>
#include <utility>

namespace limpid {
namespace {

constexpr std::size_t most_rows = 1000;

using Records = std::vector<DenoisedRecord>;

std::vector<double> all_of(const Records& records, const std::string& key) {
  std::vector<double> numbers;
  for (const DenoisedRecord& record : records)
    if (const auto number = number_of(record, key))
      numbers.push_back(*number);
  return numbers;
}

std::optional<double> median(const Records& records, const std::string& key) {
  const std::vector<double> numbers = all_of(records, key);
  return numbers.empty() ? std::nullopt : std::optional(median_of(numbers));
}

std::optional<double> largest(const Records& records, const std::string& key) {
  const std::vector<double> numbers = all_of(records, key);
  return numbers.empty() ? std::nullopt
                         : std::optional(*std::max_element(numbers.begin(), numbers.end()));
}

// "±" and the error, if there is one.
std::string with_error(double value, std::optional<double> error) {
  return error ? fmt::format("{:.2g} \u00b1 {:.1g}", value, *error) : fmt::format("{:.2g}", value);
}

void add_snr(const Records& records, ReportPage& page) {
  const auto before = median(records, "snr_before");
  const auto after = median(records, "snr_after");
  if (!before || !after)
    return;
  page.numbers.push_back(
      {fmt::format("SNR {} \u2192 {}",
                   with_error(*before, median(records, "snr_before_error")),
                   with_error(*after, median(records, "snr_after_error"))),
       "Variance of the signal over that of the noise, before and after: what the even and the odd "
       "half have in common is signal, the structure of the ice included. After: of the mean of "
       "both denoised halves. Median; \u00b1 is the standard error for one micrograph."});
  if (const auto error = median(records, "error_fraction"))
    page.numbers.push_back(
        {fmt::format("error {:.2g}, bias {:.2g}", *error, *median(records, "bias_fraction")),
         "Squared distance of the result from the signal, in units of the signal's variance (0 "
         "perfect, 1 as far off as an empty image), and the part of it that no averaging removes: "
         "what the model flattens or invents. Median."});
}

void add_frc(const Records& records, ReportPage& page) {
  if (const auto excess = largest(records, "frc_excess"))
    page.numbers.push_back(
        {fmt::format("FRC {:+.3f} from its bound", *excess),
         "A denoised half must not agree better with the other raw half than a perfect result "
         "would. Largest of all micrographs; above +0.05 something leaks between the halves.",
         *excess > 0.05});
}

void add_noise(const Records& records, ReportPage& page) {
  if (const auto left = median(records, "noise_left"))
    page.numbers.push_back(
        {fmt::format("{:.2g} % of pure noise left", 100 * *left),
         fmt::format("Standard deviation of what the model makes of noise with the micrograph's "
                     "own spectrum, in which nothing is; {:.2g} % of it between 300 and 20 \u00c5, "
                     "where particles are seen. Median.",
                     100 * median(records, "band_noise_left").value_or(0))});
  if (const auto peak = largest(records, "noise_peak"))
    page.numbers.push_back(
        {fmt::format("highest noise peak {:.1f} \u03c3", *peak),
         fmt::format(
             "The strongest spot in that output on pure noise, of all micrographs. Chance "
             "gives up to 5; above 6 the model makes spots of noise. The highest has {:.2g} "
             "times the standard deviation of a result: above 1 a picker may take it.",
             largest(records, "noise_peak_contrast").value_or(0)),
         std::any_of(records.begin(), records.end(), [](const DenoisedRecord& record) {
           return makes_spots(record.numbers);
         })});
}

void add_removed(const Records& records, ReportPage& page) {
  if (const auto correlation = median(records, "removed_correlation"))
    page.numbers.push_back(
        {fmt::format("{:.3f} correlation of kept and removed", *correlation),
         "Small when noise alone was removed; large when what was removed looks like what was "
         "kept, that is when signal was lost. Median."});
  if (const auto seam = largest(records, "seam"))
    page.numbers.push_back(
        {fmt::format("seam {:.2f}", *seam),
         "The strongest straight edge in a result, relative to its surroundings; tiles that fit "
         "leave 1.0 to 1.6, a visible seam is above 1.7. One tile has no seam; if it is small its "
         "short lines reach 2 by chance, a line of bad pixels 3 and more. Largest of all "
         "micrographs.",
         std::any_of(records.begin(), records.end(), [](const DenoisedRecord& record) {
           return has_straight_edge(record.numbers);
         })});
}

void add_warnings(const Records& records, ReportPage& page) {
  const auto count = std::count_if(records.begin(), records.end(), [](const auto& record) {
    return !trust_warning(record.numbers).empty();
  });
  if (count > 0)
    page.numbers.push_back(
        {fmt::format("{} of {} to look at", count, records.size()),
         "Micrographs with a suspicious number; the table below gives the reasons.",
         true});
}

void add_unknown(const Records& records, ReportPage& page) {
  const auto without = std::count_if(records.begin(), records.end(), [](const auto& record) {
    return !number_of(record, "half_dependence") && !number_of(record, "frc_excess") &&
           !has_equal_halves(record.numbers);
  });
  const auto equal = std::count_if(records.begin(), records.end(), [](const auto& record) {
    return has_equal_halves(record.numbers);
  });
  if (equal > 0)
    page.unknown.push_back(fmt::format(
        "In {} of {} micrographs both halves are the same image: there are no SNR, error, bias and "
        "FRC without independent noise.",
        equal,
        records.size()));
  if (without > 0)
    page.unknown.push_back(fmt::format(
        "{} of {} micrographs have no even and odd halves (or they were not used). SNR, error, "
        "bias "
        "and FRC need two images of the same place with independent noise; without these nobody "
        "can say how far the result is from the truth. Write half sums when correcting motion to "
        "know them.",
        without,
        records.size()));
  const auto no_signal = std::count_if(records.begin(), records.end(), [](const auto& record) {
    return number_of(record, "half_dependence") && !number_of(record, "snr_before");
  });
  if (no_signal > 0)
    page.unknown.push_back(fmt::format(
        "In {} micrographs the halves have nothing in common that could be measured: there are no "
        "SNR, error and bias of a signal that does not show.",
        no_signal));
}

// The doubtful first, then those with the lowest SNR or, where that is not known, with the most
// noise left.
std::vector<const DenoisedRecord*> worst_first(const Records& records) {
  std::vector<const DenoisedRecord*> sorted;
  for (const DenoisedRecord& record : records)
    sorted.push_back(&record);
  const auto rank = [](const DenoisedRecord& record) {
    return std::tuple(trust_warning(record.numbers).empty(),
                      number_of(record, "snr_after").value_or(0),
                      -number_of(record, "band_noise_left").value_or(0));
  };
  std::stable_sort(sorted.begin(), sorted.end(), [&](const auto* a, const auto* b) {
    return rank(*a) < rank(*b);
  });
  return sorted;
}

PageRow row_of(const DenoisedRecord& record) {
  PageRow row{.cells = {record.entry.name}, .is_flagged = !trust_warning(record.numbers).empty()};
  for (const TrustColumn& column : trust_columns()) {
    if (column.title.empty())
      continue;
    const auto number = number_of(record, column.key);
    row.cells.push_back(number ? fmt::format("{:.3g}", *number) : "\u2013");
  }
  row.cells.push_back(trust_remark(record.numbers));
  return row;
}

PageTable table_of(const Records& records) {
  PageTable table{.title = "All micrographs, the doubtful first",
                  .legend =
                      "Then by SNR after denoising, the lowest first. trust.star has every "
                      "number with its formula.",
                  .columns = {"micrograph"},
                  .ends_with_text = true};
  for (const TrustColumn& column : trust_columns())
    if (!column.title.empty())
      table.columns.push_back(column.title);
  table.columns.emplace_back("remark");
  for (const DenoisedRecord* record : worst_first(records)) {
    if (table.rows.size() == most_rows)
      break;
    table.rows.push_back(row_of(*record));
  }
  table.left_out_count = records.size() - table.rows.size();
  return table;
}

}  // namespace

double median_of(std::vector<double> numbers) {
  const auto middle = numbers.begin() + static_cast<std::ptrdiff_t>(numbers.size() / 2);
  std::nth_element(numbers.begin(), middle, numbers.end());
  return *middle;
}

ReportPage denoising_page(const std::vector<DenoisedRecord>& records,
                          std::vector<ComparisonPicture> pictures,
                          const std::vector<std::string>& lines,
                          const RunSummary& summary) {
  ReportPage page{.title = "Denoised micrographs", .lines = lines};
  page.lines.push_back(summary.result.substr(0, summary.result.find('\n')));
  add_warnings(records, page);
  add_snr(records, page);
  add_frc(records, page);
  add_noise(records, page);
  add_removed(records, page);
  add_unknown(records, page);
  page.plots = plots_of(records);
  page.pictures = std::move(pictures);
  if (!records.empty())
    page.tables.push_back(table_of(records));
  return page;
}

}  // namespace limpid
