#pragma once

#include "plugin/denoise/denoised_item.h"
#include "plugin/micrographs/micrograph_table.h"
#include "plugin/output/output_folder.h"
#include "plugin/run/run_summary.h"
#include "plugin/trust/trust_list.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace limpid {

// What a denoise run has so far: which results there are, the lists of them, the summary. For
// several threads.
class DenoiseResults {
 public:
  // The output folder must outlive the results.
  explicit DenoiseResults(const OutputFolder& output) : output_(output) {}

  // Takes the list, or a later state of it. Throws Error(usage) when results would replace inputs,
  // or have names that no list can hold.
  void follow(MicrographTable table, const std::string& star_file);
  // The micrographs of the list; one that is listed twice has one result.
  std::vector<MicrographEntry> entries() const;
  // By the name of the result.
  std::map<std::string, TrustRow> trust() const;

  void add_skipped(const MicrographEntry& entry, const std::map<std::string, double>& numbers);
  void add_done(const DenoisedItem& item);
  void add_failed();

  // Number of micrographs that were skipped, done or failed; and that have a result.
  std::size_t reported_count() const;
  std::size_t finished_count() const;

  // The list of results and trust.star, whole, in the order of the input.
  void write_lists() const;
  // With the closing lines.
  RunSummary summary(double seconds) const;

 private:
  void write_list() const;
  void write_trust_list() const;
  std::string closing_lines(double seconds) const;

  const OutputFolder& output_;
  mutable std::mutex mutex_;
  std::optional<MicrographTable> table_;
  std::vector<MicrographEntry> entries_;  // of the table, without repetitions
  std::set<std::string> finished_;        // names of results
  std::map<std::string, TrustRow> trust_;
  RunSummary summary_;
  std::int64_t pixel_count_ = 0;
};

}  // namespace limpid
