#include "plugin/run/run_denoise.h"

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/base/phase_log.h"
#include "limpid_version.h"
#include "plugin/denoise/denoise_pipeline.h"
#include "plugin/denoise/denoise_results.h"
#include "plugin/html_report/denoising_page.h"
#include "plugin/logfile/job_logfiles.h"
#include "plugin/logfile/pictures_ahead.h"
#include "plugin/machine/processors.h"
#include "plugin/micrographs/micrograph_table.h"
#include "plugin/models/model_store.h"
#include "plugin/output/journal.h"
#include "plugin/output/report.h"
#include "plugin/trust/trust_list.h"
#include "plugin/watch/watched_items.h"

#include <chrono>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace limpid {
namespace {

constexpr const char* closing_file_name = "stop_watching";
constexpr const char* pages_name = "logfile.pdf";
constexpr const char* failures_name = "failed.star";

// Everything beside the input file that decides the bytes of all results.
std::string settings_fingerprint(const DenoiseJob& job, const Model& model, DataType precision) {
  return fmt::format(
      "limpid {} model {} {} {} resample {} keep {} A match {} combine {} orientations {}",
      LIMPID_VERSION,
      model.hash,
      job.float16 ? "float16" : "float32",
      name(precision),
      job.resample ? "auto" : "off",
      job.keep_high_resolution_angstrom,
      job.match_noise,
      job.combine_halves,
      job.average_orientations ? 8 : 1);
}

std::string item_fingerprint(const DenoiseJob& job,
                             const MicrographEntry& entry,
                             const std::string& settings) {
  std::string fingerprint = file_fingerprint(entry.path) + " " + settings;
  if (entry.pixel_size_angstrom)  // goes into the header if the file has none
    fingerprint += fmt::format(" {} A", *entry.pixel_size_angstrom);
  if (!job.coordinates.empty())
    fingerprint +=
        fmt::format(" {} {} A", file_fingerprint(job.coordinates), job.particle_diameter_angstrom);
  if (job.use_halves || job.combine_halves)  // they decide the result, or what is said of it
    fingerprint += " " + file_fingerprint(entry.even_path) + " " + file_fingerprint(entry.odd_path);
  return fingerprint;
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

std::string text_of(const HalfCheck& halves) {
  return halves.text("what they share counts as signal in SNR and FRC");
}

// In report.json and log; nothing where the halves look independent.
void warn_of_halves(const HalfCheck& halves, RunSummary& summary) {
  if (halves.micrograph_count == 0 || halves.noise.is_independent())
    return;
  summary.warnings.push_back(text_of(halves));
  log_warning("{}", summary.warnings.back());
}

std::optional<PageNumber> number_of(const HalfCheck& halves) {
  if (halves.micrograph_count == 0)
    return std::nullopt;
  const bool is_independent = halves.noise.is_independent();
  return PageNumber{is_independent ? "halves look independent" : "halves share a pattern",
                    text_of(halves) +
                        ". A pattern that is coarser than 4 pixels cannot be told from the "
                        "specimen.",
                    !is_independent};
}

// The summary of report.html, and what it says cannot be known, for logfile.pdf.
std::vector<LogfileNote> notes_of(const ReportPage& page) {
  std::vector<LogfileNote> notes;
  for (const PageNumber& number : page.numbers)
    notes.push_back({number.value, number.sentence, number.is_warning});
  for (const std::string& unknown : page.unknown)
    notes.push_back({"What cannot be known here", unknown});
  return notes;
}

// logfile.pdf, and what report.html shows. Not made again when nothing has changed: pictures take a
// while.
void make_pages(const std::vector<MicrographEntry>& entries,
                const std::map<std::string, TrustRow>& trust,
                const std::vector<std::string>& lines,
                const HalfCheck& halves,
                const OutputFolder& output,
                PicturesAhead& ahead,
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
  ReadyPictures ready = ahead.pictures_of(records);
  log_phase("pictures made");
  summary.page = denoising_page(records, {}, lines, summary);
  if (auto number = number_of(halves))
    summary.page->numbers.push_back(std::move(*number));
  if (!records.empty())
    write_denoise_logfile(
        output.file(pages_name), records, ready.pictures, notes_of(*summary.page), summary);
  log_phase("logfile.pdf written");
  summary.page->pictures = std::move(ready.pictures);
  summary.page->drawn_pictures = std::move(ready.sections);
}

// One run, for the two ways in which micrographs come to it.
class DenoiseRun {
 public:
  DenoiseRun(const DenoiseJob& job,
             std::string settings,
             const OutputFolder& output,
             DenoiseResults& results,
             PicturesAhead* ahead,
             Progress& progress)
      : job_(job),
        settings_(std::move(settings)),
        output_(output),
        results_(results),
        ahead_(ahead),
        progress_(progress),
        journal_(output.path()) {}

  // All of a list.
  void denoise_listed(DenoisePipeline& pipeline) {
    const std::vector<MicrographEntry> entries = results_.entries();
    progress_.begin("micrographs", static_cast<std::int64_t>(entries.size()));
    std::deque<DenoiseItem> items;
    for (const MicrographEntry& entry : entries) {
      DenoiseItem item{entry, item_fingerprint(job_, entry, settings_)};
      if (!take_finished(item))
        items.push_back(std::move(item));
    }
    if (items.empty())
      return;
    const auto next = [&](const auto&) {
      std::optional<DenoiseItem> item;
      if (!items.empty()) {
        item = std::move(items.front());
        items.pop_front();
      }
      return item;
    };
    pipeline.run(next, progress_, [&](const DenoisedItem& item) { record(item); });
  }

  // Those that come while the run goes on. The lists are written after each of them.
  void denoise_watched(DenoisePipeline& pipeline) {
    progress_.begin("micrographs", 0);
    WatchedItems items(job_.input, job_.watch, watch_target());
    const auto next = [&](const auto& is_over) { return items.next(is_over); };
    pipeline.run(next, progress_, [&](const DenoisedItem& item) {
      if (items.take_back_if_changed(item.item))
        return;
      record(item);
      results_.write_lists();
    });
  }

 private:
  // Counts a result that is there already.
  bool take_finished(const DenoiseItem& item) {
    const auto before = job_.run.redo
                            ? std::nullopt
                            : journal_.find_finished(item.entry.output_name, item.fingerprint);
    if (!before)
      return false;
    results_.add_skipped(item.entry, before->numbers);
    progress_.item_finished({.name = item.entry.name,
                             .state = ItemState::skipped,
                             .reason = {},
                             .seconds = 0,
                             .numbers = before->numbers});
    return true;
  }

  void record(const DenoisedItem& item) {
    if (item.result.state == ItemState::failed) {
      results_.add_failed();
    } else {
      journal_.append({item.item.entry.output_name,
                       item.item.fingerprint,
                       item.size_bytes,
                       item.result.numbers});
      results_.add_done(item);
      if (ahead_ != nullptr)
        ahead_->finished(item.item.entry, output_.file(item.item.entry.output_name));
    }
    progress_.item_finished(item.result);
  }

  WatchTarget watch_target() {
    return {.closing_file = output_.file(closing_file_name),
            .fingerprint_of =
                [this](const MicrographEntry& entry) {
                  return item_fingerprint(job_, entry, settings_);
                },
            .list_changed =
                [this](MicrographTable table) {
                  results_.follow(std::move(table), job_.input.star_file);
                },
            .is_finished = [this](const DenoiseItem& item) { return take_finished(item); },
            .found =
                [this](std::int64_t count) {
                  progress_.item_count_changed(count);
                  results_.write_lists();
                },
            .note = [this](const std::string& line) { progress_.note(line); }};
  }

  const DenoiseJob& job_;
  const std::string settings_;
  const OutputFolder& output_;
  DenoiseResults& results_;
  PicturesAhead* const ahead_;  // may be null
  Progress& progress_;
  Journal journal_;
};

}  // namespace

std::string plan_denoise(const DenoiseJob& job) {
  std::string which = "the micrographs that come";
  if (!job.watch.is_on)
    which = fmt::format("{} micrographs", MicrographTable::read(job.input).entries().size());
  const Model model = load_named_model(job.model);
  const auto backends = make_backends(job.run.device);
  return fmt::format("{} would be denoised with the model '{}' on {}",
                     which,
                     model.description.name,
                     backends.front()->name());
}

RunSummary run_denoise(const DenoiseJob& job, const OutputFolder& output, Progress& progress) {
  const auto begin = std::chrono::steady_clock::now();
  DenoiseResults results(output);
  if (!job.watch.is_on)
    results.follow(MicrographTable::read(job.input), job.input.star_file);
  log_phase("list read");
  auto starting = std::async(std::launch::async, [&] { return make_limited_backends(job.run); });
  const Model model = load_named_model(job.model);
  log_phase("model read");
  auto backends = starting.get();
  log_phase("processors chosen");
  for (const auto& backend : backends)
    progress.note(fmt::format("Denoising {} with the model '{}' ({}) on {}, {}",
                              job.watch.is_on
                                  ? "micrographs as they come"
                                  : fmt::format("{} micrographs", results.entries().size()),
                              model.description.name,
                              model.hash.substr(0, 8),
                              backend->name(),
                              name(backend->compute_type())));
  // Of a watch it is not known beforehand which will have a picture.
  PicturesAhead ahead(job.watch.is_on ? std::vector<MicrographEntry>() : results.entries());
  DenoiseRun run(job,
                 settings_fingerprint(job, model, backends.front()->compute_type()),
                 output,
                 results,
                 // On the CPU they would take the processors from the network.
                 is_gpu(*backends.front()) ? &ahead : nullptr,
                 progress);
  const std::vector<std::string> used = used_lines(model, backends);
  DenoisePipeline pipeline(std::move(backends), model, job, output);
  if (job.watch.is_on)
    run.denoise_watched(pipeline);
  else
    run.denoise_listed(pipeline);

  const std::vector<MicrographEntry> entries = results.entries();
  const bool is_interrupted =
      progress.stop_requested() && (job.watch.is_on || results.reported_count() < entries.size());
  const std::string interruption =
      fmt::format("stopped as asked; {} micrographs are done, the same command does the others",
                  results.finished_count());
  if (is_interrupted && !job.watch.is_on)
    fail(ErrorKind::interrupted, "{}", interruption);
  results.write_lists();
  log_phase("lists written");
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
  RunSummary summary = results.summary(elapsed.count());
  // To be stopped is the usual end of a watch: it leaves everything that other ends leave.
  if (is_interrupted)
    summary.interruption = interruption;
  const HalfCheck halves = pipeline.halves();
  warn_of_halves(halves, summary);
  make_pages(entries, results.trust(), used, halves, output, ahead, summary);
  return summary;
}

}  // namespace limpid
