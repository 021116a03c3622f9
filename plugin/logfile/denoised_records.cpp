#include "plugin/logfile/denoised_records.h"

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/io/micrograph_file.h"
#include "core/metrics/ring_correlation.h"
#include "plugin/trust/trust_columns.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace limpid {
namespace {

Curve curve_of(const std::vector<DenoisedRecord>& records,
               const std::string& key,
               const std::string& label) {
  Curve curve{.label = label};
  for (std::size_t i = 0; i < records.size(); ++i)
    if (const auto number = number_of(records[i], key)) {
      curve.x.push_back(static_cast<double>(i + 1));
      curve.y.push_back(*number);
    }
  return curve;
}

void add_plot(const std::string& title,
              Axis axis,
              std::vector<Curve> curves,
              std::vector<CurvePlot>& plots) {
  std::erase_if(curves, [](const Curve& curve) { return curve.x.size() < 2; });
  if (!curves.empty())
    plots.push_back({title, {.label = "micrograph"}, std::move(axis), std::move(curves)});
}

std::optional<double> mean_of(const std::vector<DenoisedRecord>& records, const std::string& key) {
  double sum = 0, count = 0;
  for (const DenoisedRecord& record : records)
    if (const auto number = number_of(record, key)) {
      sum += *number;
      ++count;
    }
  return count > 0 ? std::optional(sum / count) : std::nullopt;
}

// FRC(denoised half, other raw half) by resolution beside its bound, mean over the micrographs.
void add_frc_plot(const std::vector<DenoisedRecord>& records, std::vector<CurvePlot>& plots) {
  Axis axis{.label = "Resolution (\u00c5)", .low = -0.3, .high = resolution_bands.size() - 0.7};
  Curve bound{.label = "bound"};
  Curve found{.label = "denoised"};
  for (std::size_t band = 0; band < resolution_bands.size(); ++band) {
    const auto at = static_cast<double>(band);
    axis.ticks.push_back({at,
                          fmt::format("{:.0f}\u2013{:.0f}",
                                      resolution_bands[band].coarse_angstrom,
                                      resolution_bands[band].fine_angstrom)});
    const auto frc = mean_of(records, frc_key(band));
    const auto limit = mean_of(records, frc_bound_key(band));
    if (!frc || !limit)
      continue;
    found.x.push_back(at);
    found.y.push_back(*frc);
    bound.x.push_back(at);
    bound.y.push_back(*limit);
  }
  if (found.x.size() > 1)
    plots.push_back({"FRC with the other raw half, and its bound",
                     std::move(axis),
                     {.label = "FRC", .low = 0.0, .high = 1.0},
                     {std::move(bound), std::move(found)}});
}

}  // namespace

std::optional<double> number_of(const DenoisedRecord& record, const std::string& key) {
  const auto found = record.numbers.find(key);
  return found == record.numbers.end() ? std::nullopt : std::optional(found->second);
}

std::vector<std::size_t> pictured_indices(std::size_t record_count) {
  const std::size_t count = std::min(most_pictures, record_count);
  // As if there were one more, at the end, where a run would have to wait for it.
  const std::size_t parts = record_count > count ? count + 1 : count;
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < count; ++i)
    indices.push_back(i * record_count / parts);
  return indices;
}

std::optional<ComparisonPicture> picture_of(const DenoisedRecord& record) {
  try {
    const Micrograph raw = read_micrograph(record.entry.path);
    const Micrograph denoised = read_micrograph(record.result_path);
    return make_comparison({.title = record.entry.name,
                            .pixel_size_angstrom = record.entry.pixel_size_angstrom
                                                       ? record.entry.pixel_size_angstrom
                                                       : raw.pixel_size_angstrom,
                            .raw = &raw.pixels,
                            .denoised = &denoised.pixels});
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::input)
      throw;
    log_warning("no picture of '{}': {}", record.entry.name, error.what());
    return std::nullopt;
  }
}

std::vector<CurvePlot> plots_of(const std::vector<DenoisedRecord>& records) {
  std::vector<CurvePlot> plots;
  add_plot(
      "Signal to noise, from the halves",
      {.label = "SNR", .is_logarithmic = true},
      {curve_of(records, "snr_before", "SNR before"), curve_of(records, "snr_after", "SNR after")},
      plots);
  add_plot("Noise left, standard deviation after over before",
           {.label = "noise left", .low = 0.0},
           {curve_of(records, "noise_left", "noise left")},
           plots);
  add_frc_plot(records, plots);
  return plots;
}

}  // namespace limpid
