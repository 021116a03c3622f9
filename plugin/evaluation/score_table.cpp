#include "plugin/evaluation/score_table.h"

#include "core/base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace limpid {
namespace {

constexpr std::size_t most_detailed_groups = 10;
constexpr std::size_t longest_name = 40;
constexpr std::size_t least_column_width = 6;

std::string band_title(const ResolutionBand& band) {
  return fmt::format("{:.0f}-{:.0f}", band.coarse_angstrom, band.fine_angstrom);
}

std::string band_key(const char* prefix, const ResolutionBand& band, const char* suffix) {
  return fmt::format(
      "{}_{:.0f}_to_{:.0f}_angstrom{}", prefix, band.coarse_angstrom, band.fine_angstrom, suffix);
}

ScoreGroup describe(const std::string& name,
                    std::int64_t width_px,
                    std::int64_t height_px,
                    double pixel_size_angstrom) {
  return {.name = name,
          .description =
              fmt::format("{} x {} px of {:.4g} A", width_px, height_px, pixel_size_angstrom),
          .facts = {{"width_px", static_cast<double>(width_px)},
                    {"height_px", static_cast<double>(height_px)},
                    {"pixel_size_angstrom", pixel_size_angstrom}},
          .rows = {}};
}

std::size_t width_of(const ScoreColumn& column) {
  // A sign, a digit and the point in front of the decimals, or around them, with the exponent.
  const std::size_t more = column.style == ScoreColumn::Style::significant ? 6 : 3;
  const std::size_t number_width = static_cast<std::size_t>(column.decimals) + more;
  return std::max({least_column_width, column.title.size(), number_width}) + 1;
}

std::string format_value(const ScoreColumn& column, std::optional<double> value) {
  const std::size_t width = width_of(column);
  if (!value)
    return fmt::format("{:>{}}", "-", width);
  if (column.style == ScoreColumn::Style::significant)
    return fmt::format("{:>{}.{}g}", *value, width, column.decimals);
  // No minus sign in front of what is shown as zero.
  const bool is_zero = std::abs(*value) < 0.5 * std::pow(10.0, -column.decimals);
  const double shown = is_zero ? 0 : *value;
  if (column.style == ScoreColumn::Style::with_sign)
    return fmt::format("{:>+{}.{}f}", shown, width, column.decimals);
  return fmt::format("{:>{}.{}f}", shown, width, column.decimals);
}

// The end of a long name tells more than its start.
std::string shortened(const std::string& name) {
  return name.size() <= longest_name ? name : "..." + name.substr(name.size() - longest_name + 3);
}

std::string format_row(const std::vector<ScoreColumn>& columns,
                       const std::string& label,
                       std::size_t label_width,
                       const ScoreRow& row) {
  std::string line = fmt::format("{:<{}}", label, label_width);
  for (std::size_t i = 0; i < columns.size(); ++i)
    line += format_value(columns[i], row.values[i]);
  return line + '\n';
}

void append_detailed(std::string& text,
                     const ScoreTable& table,
                     const ScoreGroup& group,
                     std::size_t label_width) {
  text += group.name;
  if (!group.description.empty())
    text += ": " + group.description;
  text += '\n';
  for (const ScoreRow& row : group.rows)
    text += format_row(table.columns(), "  " + row.method, label_width, row);
}

// Columns of each label: enough for the methods, and for the names where these are labels.
std::size_t measure_label_width(const ScoreTable& table, bool is_detailed) {
  std::size_t width = 0;
  for (const ScoreGroup& group : table.groups()) {
    if (!is_detailed)
      width = std::max(width, shortened(group.name).size());
    for (const ScoreRow& row : group.rows)
      width = std::max(width, row.method.size() + 2);
  }
  return width;
}

}  // namespace

ScoreTable::ScoreTable(std::string name,
                       std::string title,
                       std::string legend,
                       std::vector<ScoreColumn> columns)
    : name_(std::move(name)),
      title_(std::move(title)),
      legend_(std::move(legend)),
      columns_(std::move(columns)) {}

void ScoreTable::add(ScoreGroup group) {
  for (const ScoreRow& row : group.rows)
    require(row.values.size() == columns_.size(),
            "a row of {} values in a table of {} columns",
            row.values.size(),
            columns_.size());
  groups_.push_back(std::move(group));
}

ScoreGroup ScoreTable::mean() const {
  ScoreGroup mean{.name = fmt::format("mean of {}", groups_.size()),
                  .description = "",
                  .facts = {},
                  .rows = {}};
  std::vector<std::vector<std::int64_t>> counts;
  for (const ScoreGroup& group : groups_)
    for (const ScoreRow& row : group.rows) {
      auto sum = std::find_if(mean.rows.begin(), mean.rows.end(), [&](const ScoreRow& other) {
        return other.method == row.method;
      });
      if (sum == mean.rows.end()) {
        mean.rows.push_back({row.method, std::vector<std::optional<double>>(columns_.size())});
        counts.emplace_back(columns_.size(), 0);
        sum = mean.rows.end() - 1;
      }
      std::vector<std::int64_t>& count = counts[static_cast<std::size_t>(sum - mean.rows.begin())];
      for (std::size_t i = 0; i < columns_.size(); ++i)
        if (row.values[i] && std::isfinite(*row.values[i])) {
          sum->values[i] = sum->values[i].value_or(0) + *row.values[i];
          ++count[i];
        }
    }
  for (std::size_t r = 0; r < mean.rows.size(); ++r)
    for (std::size_t i = 0; i < columns_.size(); ++i)
      if (mean.rows[r].values[i])
        *mean.rows[r].values[i] /= static_cast<double>(counts[r][i]);
  return mean;
}

ScoreTable signal_table() {
  std::vector<ScoreColumn> columns = {{"PSNR", "psnr_db", 2},
                                      {"fitted", "fitted_psnr_db", 2},
                                      {"SSIM", "ssim", 3},
                                      {"fitted", "fitted_ssim", 3},
                                      {"SNR", "snr_db", 2},
                                      {"corr", "correlation", 3},
                                      {"FRC0.5", "resolution_angstrom", 1}};
  for (const ResolutionBand& band : resolution_bands)
    columns.push_back(
        {band_title(band), band_key("gain", band, "_db"), 2, ScoreColumn::Style::with_sign});
  columns.push_back({"sigma", "gaussian_sigma_angstrom", 1});
  return {"against_truth",
          "Compared with the truth",
          "PSNR and SNR in dB; PSNR and SSIM for the data range maximum - minimum of each truth; "
          "fitted: after the best\nlinear grey-scale map; FRC0.5: finest resolution in A with an "
          "FRC of 0.5; then the gain in SNR over the noisy\nimage in dB by resolution band in A; "
          "sigma in A. * looks at the truth: the bound of its kind, not a method.\n",
          std::move(columns)};
}

ScoreTable residual_table() {
  return {"without_particles",
          "Truth without particles: variance of what is left of the noise, relative to the noisy "
          "image",
          "Nothing should be left, at no frequency: what remains in 300-20 A looks like "
          "particles.\n",
          {{"all", "variance_left", 4},
           {fmt::format("{} A", band_title(residual_band)),
            band_key("variance_left", residual_band, ""),
            4}}};
}

ScoreTable half_table() {
  std::vector<ScoreColumn> columns = {
      {"SNR", "snr_half_db", 2},
      {"SNR avg", "snr_average_db", 2},
      {"MSE", "mse_half", 3, ScoreColumn::Style::significant},
      {"MSE avg", "mse_average", 3, ScoreColumn::Style::significant},
      {"bias", "bias_fraction", 3},
      {"fitted", "fitted_bias_fraction", 3}};
  for (const ResolutionBand& band : resolution_bands)
    columns.push_back({band_title(band), band_key("frc", band, ""), 3});
  columns.push_back({"excess", "largest_frc_excess", 3, ScoreColumn::Style::with_sign});
  columns.push_back({"outer", "outer_correlation", 4});
  columns.push_back({"+-", "outer_correlation_standard_error", 4});
  return {"from_halves",
          "Estimated from half-micrographs, without a truth",
          "SNR in dB and MSE in squared grey values, of one half and of the average of both; bias: "
          "the part of the\nsquared error that averaging cannot remove, relative to the signal "
          "variance (fitted: after the best grey-scale\nfactor); then by resolution band in A "
          "FRC(denoised, other raw half), and in the row of the raw halves the\nbound "
          "sqrt(FRC(raw, raw)) that it cannot exceed; excess: by how much it does, at most (more "
          "than 0.05: a leak);\nouter: correlation of the raw halves at 0.4-0.5 cycles/px, 0 "
          "within +- for independent noise.\n",
          std::move(columns)};
}

ScoreGroup score_group(const std::string& name, const TruthScores& scores) {
  ScoreGroup group = describe(name, scores.width_px, scores.height_px, scores.pixel_size_angstrom);
  group.description += fmt::format(", range of the truth {:.4g}", scores.data_range);
  group.facts.emplace_back("data_range", scores.data_range);
  for (const MethodScore& score : scores.methods) {
    ScoreRow row{.method = score.method, .values = {}};
    if (scores.has_signal) {
      row.values = {score.psnr_db,
                    score.fitted_psnr_db,
                    score.ssim,
                    score.fitted_ssim,
                    score.snr_db,
                    score.correlation,
                    score.resolution_angstrom};
      row.values.insert(row.values.end(), score.band_gain_db.begin(), score.band_gain_db.end());
      row.values.push_back(score.gaussian_sigma_angstrom);
    } else {
      row.values = {score.variance_left, score.band_variance_left};
    }
    group.rows.push_back(std::move(row));
  }
  return group;
}

ScoreGroup score_group(const std::string& name, const HalfScores& scores) {
  ScoreGroup group = describe(name, scores.width_px, scores.height_px, scores.pixel_size_angstrom);
  group.description += fmt::format(", signal variance {:.4g}", scores.signal_variance);
  group.facts.emplace_back("signal_variance", scores.signal_variance);
  for (const HalfScore& score : scores.methods) {
    ScoreRow row{.method = score.method,
                 .values = {score.snr_half_db,
                            score.snr_average_db,
                            score.mse_half,
                            score.mse_average,
                            score.bias_fraction,
                            score.fitted_bias_fraction}};
    row.values.insert(
        row.values.end(), score.band_correlation.begin(), score.band_correlation.end());
    row.values.push_back(score.largest_excess);
    row.values.push_back(score.outer_correlation);
    row.values.push_back(score.outer_standard_error);
    group.rows.push_back(std::move(row));
  }
  return group;
}

std::string format_table(const ScoreTable& table) {
  const bool is_detailed = table.groups().size() <= most_detailed_groups;
  const std::size_t label_width = measure_label_width(table, is_detailed);
  std::string text = table.title() + '\n' + std::string(label_width, ' ');
  for (const ScoreColumn& column : table.columns())
    text += fmt::format("{:>{}}", column.title, width_of(column));
  text += '\n';
  for (const ScoreGroup& group : table.groups())
    if (is_detailed)
      append_detailed(text, table, group, label_width);
    else if (!group.rows.empty())
      text += format_row(table.columns(), shortened(group.name), label_width, group.rows.front());
  if (table.groups().size() > 1)
    append_detailed(text, table, table.mean(), label_width);
  return text + table.legend();
}

}  // namespace limpid
