#include "plugin/run_denoise.h"

#include "core/base/log.h"
#include "core/io/atomic_file.h"
#include "limpid_version.h"
#include "plugin/denoise/denoise_pipeline.h"
#include "plugin/html_report/denoising_page.h"
#include "plugin/logfile/job_logfiles.h"
#include "plugin/micrographs/micrograph_table.h"
#include "plugin/model_store.h"
#include "plugin/output/input_protection.h"
#include "plugin/output/journal.h"
#include "plugin/output/report.h"
#include "plugin/processors.h"
#include "plugin/trust/trust_list.h"

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace limpid {
namespace {

constexpr const char* list_name = "micrographs_denoised.star";
constexpr const char* trust_name = "trust.star";
constexpr const char* pages_name = "logfile.pdf";
constexpr const char* failures_name = "failed.star";

// Everything beside the input file that decides the bytes of all results.
std::string settings_fingerprint(const DenoiseJob& job, const Model& model, DataType precision) {
  return fmt::format("limpid {} model {} {} {}",
                     LIMPID_VERSION,
                     model.hash,
                     job.float16 ? "float16" : "float32",
                     name(precision));
}

std::string item_fingerprint(const DenoiseJob& job,
                             const MicrographEntry& entry,
                             const std::string& settings) {
  std::string fingerprint = file_fingerprint(entry.path) + " " + settings;
  if (entry.pixel_size_angstrom)  // goes into the header if the file has none
    fingerprint += fmt::format(" {} A", *entry.pixel_size_angstrom);
  if (job.use_halves)  // they decide what is said of the result
    fingerprint += " " + file_fingerprint(entry.even_path) + " " + file_fingerprint(entry.odd_path);
  return fingerprint;
}

// What would only turn out at the end, or do harm: results in place of inputs, and names that no
// list can hold.
void check_results(const DenoiseJob& job,
                   const MicrographTable& table,
                   const OutputFolder& output) {
  std::vector<std::string> inputs = {job.input.star_file};
  std::vector<std::string> results;
  for (const MicrographEntry& entry : table.entries()) {
    inputs.push_back(entry.path);
    results.push_back(output.file(entry.output_name));
  }
  static_cast<void>(table.with_names(results));
  results.push_back(output.file(list_name));
  results.push_back(output.file(trust_name));
  results.push_back(output.file(failures_name));
  forbid_replacing_inputs(inputs, results);
}

void warn_of_foreign_pixel_sizes(const MicrographTable& table, const ModelDescription& model) {
  // Beyond this ratio features have other sizes than those that the model has seen.
  constexpr double tolerance = 1.25;
  if (!model.smallest_pixel_size_angstrom || !model.largest_pixel_size_angstrom)
    return;
  for (const MicrographEntry& entry : table.entries())
    if (entry.pixel_size_angstrom &&
        (*entry.pixel_size_angstrom * tolerance < *model.smallest_pixel_size_angstrom ||
         *entry.pixel_size_angstrom > tolerance * *model.largest_pixel_size_angstrom)) {
      log_warning("pixels of {:.3f} A, while the model '{}' was trained on {:.2f} to {:.2f} A",
                  *entry.pixel_size_angstrom,
                  model.name,
                  *model.smallest_pixel_size_angstrom,
                  *model.largest_pixel_size_angstrom);
      return;
    }
}

// A micrograph that is listed twice has one result.
std::vector<MicrographEntry> without_repetitions(const std::vector<MicrographEntry>& entries) {
  std::set<std::string> results;
  std::vector<MicrographEntry> kept;
  for (const MicrographEntry& entry : entries)
    if (results.insert(entry.output_name).second)
      kept.push_back(entry);
  return kept;
}

// A list of an earlier run, which says nothing of this one.
void remove_older(const std::string& path) {
  std::error_code ignored;  // there may be none
  std::filesystem::remove(path, ignored);
}

// The list of results, in the order of the input.
void write_list(const MicrographTable& table,
                const std::set<std::string>& finished,
                const OutputFolder& output) {
  if (finished.empty()) {
    remove_older(output.file(list_name));
    return;
  }
  std::vector<std::string> names;
  for (const MicrographEntry& entry : table.entries())
    names.push_back(finished.contains(entry.output_name) ? output.file(entry.output_name)
                                                         : std::string());
  write_file_atomically(output.file(list_name), table.with_names(names));
}

// In the order of the input.
void write_trust_list(const std::vector<MicrographEntry>& entries,
                      const std::map<std::string, TrustRow>& trust,
                      const OutputFolder& output) {
  std::vector<TrustRow> rows;
  for (const MicrographEntry& entry : entries)
    if (const auto found = trust.find(entry.output_name); found != trust.end())
      rows.push_back(found->second);
  if (rows.empty())
    remove_older(output.file(trust_name));
  else
    write_file_atomically(output.file(trust_name), trust_list(rows));
}

// What report.html says of the model and the processors.
std::vector<std::string> used_lines(const Model& model,
                                    const std::vector<std::unique_ptr<Backend>>& backends) {
  std::vector<std::string> lines = {fmt::format("Model '{}' ({}): {}",
                                                model.description.name,
                                                model.hash.substr(0, 8),
                                                model.description.summary)};
  for (const auto& backend : backends)
    lines.push_back(fmt::format("On {}, {}", backend->name(), name(backend->compute_type())));
  return lines;
}

// logfile.pdf, and what report.html shows. Not made again when nothing has changed: pictures take a
// while.
void make_pages(const std::vector<MicrographEntry>& entries,
                const std::map<std::string, TrustRow>& trust,
                const std::vector<std::string>& lines,
                const OutputFolder& output,
                RunSummary& summary) {
  const auto exists = [&](const char* name) {
    std::error_code ignored;
    return std::filesystem::exists(output.file(name), ignored);
  };
  // Nor did the run before have failures, which the page would still tell of.
  const bool is_unchanged =
      summary.done_count == 0 && summary.failed_count == 0 && !exists(failures_name);
  if (is_unchanged && exists(pages_name) && exists(report_page_name))
    return;
  std::vector<DenoisedRecord> records;
  for (const MicrographEntry& entry : entries)
    if (const auto found = trust.find(entry.output_name); found != trust.end())
      records.push_back({entry, output.file(entry.output_name), found->second.numbers});
  std::vector<ComparisonPicture> pictures = pictures_of(records);
  if (!records.empty())
    write_denoise_logfile(output.file(pages_name), records, pictures, summary);
  summary.page = denoising_page(records, std::move(pictures), lines, summary);
}

std::string closing_lines(const RunSummary& summary,
                          std::int64_t pixel_count,
                          double seconds,
                          const OutputFolder& output) {
  std::string lines = fmt::format("{} micrographs denoised", summary.done_count);
  if (summary.done_count > 0)
    lines += fmt::format(
        " in {:.1f} s ({:.1f} Mpx/s)", seconds, static_cast<double>(pixel_count) / 1e6 / seconds);
  if (summary.skipped_count > 0)
    lines += fmt::format(", {} were finished before", summary.skipped_count);
  if (summary.failed_count > 0)
    lines += fmt::format(", {} failed ({})", summary.failed_count, output.file(failures_name));
  if (summary.done_count + summary.skipped_count > 0)
    lines +=
        fmt::format("\nList: {}\nQuality: {}", output.file(list_name), output.file(trust_name));
  return lines;
}

}  // namespace

std::string plan_denoise(const DenoiseJob& job) {
  const MicrographTable table = MicrographTable::read(job.input);
  const Model model = load_named_model(job.model);
  const auto backends = make_backends(job.run.device);
  return fmt::format("{} micrographs would be denoised with the model '{}' on {}",
                     table.entries().size(),
                     model.description.name,
                     backends.front()->name());
}

RunSummary run_denoise(const DenoiseJob& job, const OutputFolder& output, Progress& progress) {
  const auto begin = std::chrono::steady_clock::now();
  const MicrographTable table = MicrographTable::read(job.input);
  check_results(job, table, output);
  const Model model = load_named_model(job.model);
  warn_of_foreign_pixel_sizes(table, model.description);
  const auto backends = make_backends(job.run.device);
  const std::string settings = settings_fingerprint(job, model, backends.front()->compute_type());
  Journal journal(output.path());
  const std::vector<MicrographEntry> entries = without_repetitions(table.entries());

  for (const auto& backend : backends)
    progress.note(fmt::format("Denoising {} micrographs with the model '{}' ({}) on {}, {}",
                              entries.size(),
                              model.description.name,
                              model.hash.substr(0, 8),
                              backend->name(),
                              name(backend->compute_type())));
  progress.begin("micrographs", static_cast<std::int64_t>(entries.size()));

  RunSummary summary;
  std::set<std::string> finished;
  std::map<std::string, TrustRow> trust;  // by the name of the result
  std::vector<DenoiseItem> items;
  for (const MicrographEntry& entry : entries) {
    DenoiseItem item{entry, item_fingerprint(job, entry, settings)};
    const auto before =
        job.run.redo ? std::nullopt : journal.find_finished(entry.output_name, item.fingerprint);
    if (before) {
      finished.insert(entry.output_name);
      trust[entry.output_name] = {output.file(entry.output_name), before->numbers};
      ++summary.skipped_count;
      progress.item_finished({.name = entry.name,
                              .state = ItemState::skipped,
                              .reason = {},
                              .seconds = 0,
                              .numbers = before->numbers});
    } else {
      items.push_back(std::move(item));
    }
  }

  std::int64_t pixel_count = 0;
  if (!items.empty()) {
    DenoisePipeline pipeline(backends, model, job, output);
    pipeline.run(std::move(items), progress, [&](const DenoisedItem& item) {
      if (item.result.state == ItemState::failed) {
        ++summary.failed_count;
      } else {
        journal.append({item.item.entry.output_name,
                        item.item.fingerprint,
                        item.size_bytes,
                        item.result.numbers});
        finished.insert(item.item.entry.output_name);
        trust[item.item.entry.output_name] = {output.file(item.item.entry.output_name),
                                              item.result.numbers};
        pixel_count += item.pixel_count;
        ++summary.done_count;
      }
      progress.item_finished(item.result);
    });
  }
  const auto reported =
      static_cast<std::size_t>(summary.done_count + summary.skipped_count + summary.failed_count);
  if (reported < entries.size() && progress.stop_requested())
    fail(ErrorKind::interrupted,
         "stopped as asked; {} micrographs are done, the same command does the others",
         finished.size());
  write_list(table, finished, output);
  write_trust_list(entries, trust, output);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
  summary.result = closing_lines(summary, pixel_count, elapsed.count(), output);
  make_pages(entries, trust, used_lines(model, backends), output, summary);
  return summary;
}

}  // namespace limpid
