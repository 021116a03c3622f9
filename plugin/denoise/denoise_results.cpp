#include "plugin/denoise/denoise_results.h"

#include "core/io/atomic_file.h"
#include "plugin/output/input_protection.h"

#include <fmt/format.h>
#include <system_error>

#include <filesystem>
#include <utility>

namespace limpid {
namespace {

constexpr const char* list_name = "micrographs_denoised.star";
constexpr const char* trust_name = "trust.star";

// What would only turn out at the end, or do harm: results in place of inputs, and names that no
// list can hold.
void check_results(const MicrographTable& table,
                   const std::string& star_file,
                   const OutputFolder& output) {
  std::vector<std::string> inputs = {star_file};
  std::vector<std::string> results;
  for (const MicrographEntry& entry : table.entries()) {
    inputs.push_back(entry.path);
    results.push_back(output.file(entry.output_name));
  }
  static_cast<void>(table.with_names(results));
  results.push_back(output.file(list_name));
  results.push_back(output.file(trust_name));
  results.push_back(output.file("failed.star"));
  forbid_replacing_inputs(inputs, results);
}

// A list of an earlier run, which says nothing of this one.
void remove_older(const std::string& path) {
  std::error_code ignored;  // there may be none
  std::filesystem::remove(path, ignored);
}

}  // namespace

void DenoiseResults::follow(MicrographTable table, const std::string& star_file) {
  check_results(table, star_file, output_);
  const std::lock_guard lock(mutex_);
  table_ = std::move(table);
  entries_.clear();
  std::set<std::string> names;
  for (const MicrographEntry& entry : table_->entries())
    if (names.insert(entry.output_name).second)
      entries_.push_back(entry);
}

std::vector<MicrographEntry> DenoiseResults::entries() const {
  const std::lock_guard lock(mutex_);
  return entries_;
}

std::map<std::string, TrustRow> DenoiseResults::trust() const {
  const std::lock_guard lock(mutex_);
  return trust_;
}

void DenoiseResults::add_skipped(const MicrographEntry& entry,
                                 const std::map<std::string, double>& numbers) {
  const std::lock_guard lock(mutex_);
  finished_.insert(entry.output_name);
  trust_[entry.output_name] = {output_.file(entry.output_name), numbers};
  ++summary_.skipped_count;
}

void DenoiseResults::add_done(const DenoisedItem& item) {
  const std::lock_guard lock(mutex_);
  const std::string& name = item.item.entry.output_name;
  finished_.insert(name);
  trust_[name] = {output_.file(name), item.result.numbers};
  pixel_count_ += item.pixel_count;
  ++summary_.done_count;
}

void DenoiseResults::add_failed() {
  const std::lock_guard lock(mutex_);
  ++summary_.failed_count;
}

std::size_t DenoiseResults::reported_count() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(summary_.done_count + summary_.skipped_count +
                                  summary_.failed_count);
}

std::size_t DenoiseResults::finished_count() const {
  const std::lock_guard lock(mutex_);
  return finished_.size();
}

void DenoiseResults::write_lists() const {
  const std::lock_guard lock(mutex_);
  if (!table_)
    return;
  write_list();
  write_trust_list();
}

void DenoiseResults::write_list() const {
  if (finished_.empty()) {
    remove_older(output_.file(list_name));
    return;
  }
  std::vector<std::string> names;
  for (const MicrographEntry& entry : table_->entries())
    names.push_back(finished_.contains(entry.output_name) ? output_.file(entry.output_name)
                                                          : std::string());
  write_file_atomically(output_.file(list_name), table_->with_names(names));
}

void DenoiseResults::write_trust_list() const {
  std::vector<TrustRow> rows;
  for (const MicrographEntry& entry : entries_)
    if (const auto found = trust_.find(entry.output_name); found != trust_.end())
      rows.push_back(found->second);
  if (rows.empty())
    remove_older(output_.file(trust_name));
  else
    write_file_atomically(output_.file(trust_name), trust_list(rows));
}

RunSummary DenoiseResults::summary(double seconds) const {
  const std::lock_guard lock(mutex_);
  RunSummary summary = summary_;
  summary.result = closing_lines(seconds);
  return summary;
}

std::string DenoiseResults::closing_lines(double seconds) const {
  std::string lines = fmt::format("{} micrographs denoised", summary_.done_count);
  if (summary_.done_count > 0)
    lines += fmt::format(
        " in {:.1f} s ({:.1f} Mpx/s)", seconds, static_cast<double>(pixel_count_) / 1e6 / seconds);
  if (summary_.skipped_count > 0)
    lines += fmt::format(", {} were finished before", summary_.skipped_count);
  if (summary_.failed_count > 0)
    lines += fmt::format(", {} failed ({})", summary_.failed_count, output_.file("failed.star"));
  if (summary_.done_count + summary_.skipped_count > 0)
    lines +=
        fmt::format("\nList: {}\nQuality: {}", output_.file(list_name), output_.file(trust_name));
  return lines;
}

}  // namespace limpid
