#include "plugin/trust/trust_list.h"

#include "core/io/star_writer.h"
#include "plugin/trust/trust_numbers.h"

#include <utility>

namespace limpid {
namespace {

// Column of the list and name of the number.
const std::pair<const char*, const char*> columns[] = {
    {"limpidSnrBefore", "snr_before"},
    {"limpidSnrAfter", "snr_after"},
    {"limpidBiasFraction", "bias_fraction"},
    {"limpidFrcExcess", "frc_excess"},
    {"limpidHalfDependence", "half_dependence"},
    {"limpidNoiseLeft", "noise_left"},
    {"limpidBandNoiseLeft", "band_noise_left"},
    {"limpidRemovedCorrelation", "removed_correlation"},
};

}  // namespace

std::string trust_list(const std::vector<TrustRow>& rows) {
  std::vector<std::string> labels = {"rlnMicrographName"};
  for (const auto& [label, name] : columns)
    labels.emplace_back(label);
  labels.emplace_back("limpidRemark");
  StarWriter writer;
  writer.begin_loop("trust", labels);
  for (const TrustRow& row : rows) {
    std::vector<std::string> values = {row.micrograph_name};
    for (const auto& [label, name] : columns) {
      const auto found = row.numbers.find(name);
      values.push_back(found == row.numbers.end() ? "nan" : star_number(found->second));
    }
    const std::string remark = trust_remark(row.numbers);
    values.push_back(remark.empty() ? "none" : remark);
    writer.add_row(values);
  }
  return writer.text();
}

}  // namespace limpid
