#include "plugin/run_denoise.h"

#include "core/base/log.h"
#include "core/io/atomic_file.h"
#include "limpid_version.h"
#include "plugin/denoise/denoise_pipeline.h"
#include "plugin/micrographs/micrograph_table.h"
#include "plugin/model_store.h"
#include "plugin/output/journal.h"
#include "plugin/processors.h"

#include <chrono>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace limpid {
namespace {

// Everything beside the input file that decides the bytes of a result.
std::string settings_fingerprint(const DenoiseJob& job, const Model& model, DataType precision) {
  return fmt::format("limpid {} model {} {} {}",
                     LIMPID_VERSION,
                     model.hash,
                     job.float16 ? "float16" : "float32",
                     name(precision));
}

void forbid_replacing_inputs(const MicrographTable& table, const OutputFolder& output) {
  for (const MicrographEntry& entry : table.entries()) {
    std::error_code ignored;
    if (std::filesystem::equivalent(output.file(entry.output_name), entry.path, ignored))
      fail(ErrorKind::usage,
           "the result for '{}' would replace it; choose another output folder",
           entry.path);
  }
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

// The list of results, in the order of the input.
void write_list(const MicrographTable& table,
                const std::set<std::string>& finished,
                const OutputFolder& output) {
  std::vector<std::string> names;
  for (const MicrographEntry& entry : table.entries())
    names.push_back(finished.contains(entry.output_name) ? output.file(entry.output_name)
                                                         : std::string());
  write_file_atomically(output.file("micrographs_denoised.star"), table.with_names(names));
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
    lines += fmt::format(", {} failed ({})", summary.failed_count, output.file("failed.star"));
  if (summary.done_count + summary.skipped_count > 0)
    lines += "\nList: " + output.file("micrographs_denoised.star");
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
  forbid_replacing_inputs(table, output);
  const Model model = load_named_model(job.model);
  warn_of_foreign_pixel_sizes(table, model.description);
  const auto backends = make_backends(job.run.device);
  const std::string settings = settings_fingerprint(job, model, backends.front()->compute_type());
  Journal journal(output.path());

  for (const auto& backend : backends)
    progress.note(fmt::format("Denoising {} micrographs with the model '{}' ({}) on {}, {}",
                              table.entries().size(),
                              model.description.name,
                              model.hash.substr(0, 8),
                              backend->name(),
                              name(backend->compute_type())));
  progress.begin("micrographs", static_cast<std::int64_t>(table.entries().size()));

  RunSummary summary;
  std::set<std::string> finished;
  std::set<std::string> planned;
  std::vector<DenoiseItem> items;
  for (const MicrographEntry& entry : table.entries()) {
    if (!planned.insert(entry.output_name).second)
      continue;  // listed twice
    DenoiseItem item{entry, file_fingerprint(entry.path) + " " + settings};
    const auto before =
        job.run.redo ? std::nullopt : journal.find_finished(entry.output_name, item.fingerprint);
    if (before) {
      finished.insert(entry.output_name);
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
        pixel_count += item.pixel_count;
        ++summary.done_count;
      }
      progress.item_finished(item.result);
    });
  }
  if (progress.stop_requested())
    fail(ErrorKind::interrupted,
         "stopped as asked; {} micrographs are done, the same command does the others",
         finished.size());
  if (!finished.empty())
    write_list(table, finished, output);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
  summary.result = closing_lines(summary, pixel_count, elapsed.count(), output);
  return summary;
}

}  // namespace limpid
