#include "plugin/run/run_preview.h"

#include "core/base/error.h"
#include "core/infer/micrograph_denoiser.h"
#include "core/io/micrograph_file.h"
#include "limpid_version.h"
#include "plugin/drawing/comparison.h"
#include "plugin/machine/processors.h"
#include "plugin/models/model_store.h"
#include "plugin/output/journal.h"
#include "plugin/preview/patch_pictures.h"
#include "plugin/preview/picture_task.h"
#include "plugin/preview/preview_plan.h"
#include "plugin/preview/removal.h"

#include <fmt/ranges.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace limpid {
namespace {

// Makes the denoised micrographs that no earlier run has left.
class OwnDenoiser {
 public:
  explicit OwnDenoiser(const PreviewJob& job)
      : model_(load_named_model(job.model)),
        backends_(make_limited_backends(job.run)),
        denoiser_(*backends_.front(),
                  model_,
                  {.memory_bytes = activation_limit_bytes(*backends_.front(), job.run)},
                  MicrographDenoiserOptions{}) {}

  const Model& model() const { return model_; }
  const Backend& backend() const { return *backends_.front(); }

  Image denoise(Image image, std::optional<double> pixel_size_angstrom) {
    denoiser_.denoise(image, pixel_size_angstrom);
    return image;
  }

 private:
  Model model_;
  std::vector<std::unique_ptr<Backend>> backends_;
  MicrographDenoiser denoiser_;
};

// Everything that decides what a picture shows.
std::string fingerprint_of(const PreviewItem& item, const OwnDenoiser* own) {
  const std::string denoised =
      own != nullptr ? "model " + own->model().hash : file_fingerprint(item.denoised_path);
  return fmt::format("limpid {} {} {}", LIMPID_VERSION, file_fingerprint(item.raw.path), denoised);
}

std::vector<std::string> footer_of(const Removal& removal) {
  return {fmt::format("Standard deviation: raw {:.4g}, denoised {:.4g}, removed {:.4g}",
                      removal.raw_sigma,
                      removal.denoised_sigma,
                      removal.removed_sigma),
          fmt::format("Correlation of denoised and removed: {:.3f}", removal.correlation)};
}

std::map<std::string, double> numbers_of(const Removal& removal) {
  return {{"raw_sigma", removal.raw_sigma},
          {"denoised_sigma", removal.denoised_sigma},
          {"removed_sigma", removal.removed_sigma},
          {"denoised_removed_correlation", removal.correlation}};
}

Image denoised_of(const PreviewItem& item, const Micrograph& raw, OwnDenoiser* own) {
  if (own == nullptr)
    return read_micrograph(item.denoised_path).pixels;
  const auto& from_list = item.raw.pixel_size_angstrom;
  return own->denoise(raw.pixels, from_list ? from_list : raw.pixel_size_angstrom);
}

// Returns the numbers that the picture shows.
std::map<std::string, double> make_picture(const PreviewItem& item,
                                           OwnDenoiser* own,
                                           const std::string& path) {
  const Micrograph raw = read_micrograph(item.raw.path);
  const Image denoised = denoised_of(item, raw, own);
  std::optional<Micrograph> truth;
  if (!item.raw.truth_path.empty())
    truth = read_micrograph(item.raw.truth_path);
  ComparisonInput input{.title = item.raw.name,
                        .pixel_size_angstrom = item.raw.pixel_size_angstrom,
                        .raw = &raw.pixels,
                        .denoised = &denoised,
                        .truth = truth ? &truth->pixels : nullptr};
  if (!input.pixel_size_angstrom)
    input.pixel_size_angstrom = raw.pixel_size_angstrom;
  ComparisonPicture picture = make_comparison(input);
  const Removal removal = measure_removal(raw.pixels, denoised);
  picture.footer = footer_of(removal);
  write_comparison(path, picture);
  return numbers_of(removal);
}

// What concerns one picture alone is its failure; what ends the run is passed on.
ItemResult attempt_picture(const PictureTask& task, const OutputFolder& output) {
  const auto begin = std::chrono::steady_clock::now();
  ItemResult result{.name = task.name, .reason = {}, .numbers = {}};
  try {
    with_context("drawing '" + task.name + "'",
                 [&] { result.numbers = task.draw(output.place(task.picture_name)); });
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::input && error.kind() != ErrorKind::internal)
      throw;
    result.state = ItemState::failed;
    result.reason = error.what();
  }
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return result;
}

// Makes the picture, unless one of the same content is there.
ItemResult finish_picture(const PictureTask& task,
                          bool redo,
                          const OutputFolder& output,
                          Journal& journal) {
  const auto before =
      redo ? std::nullopt : journal.find_finished(task.picture_name, task.fingerprint);
  if (before)
    return {.name = task.name,
            .state = ItemState::skipped,
            .reason = {},
            .seconds = 0,
            .numbers = before->numbers};
  ItemResult result = attempt_picture(task, output);
  if (result.state == ItemState::done)
    journal.append({task.picture_name,
                    task.fingerprint,
                    std::filesystem::file_size(output.file(task.picture_name)),
                    result.numbers});
  return result;
}

// `own` has to outlive the tasks.
std::vector<PictureTask> micrograph_pictures(const PreviewJob& job, OwnDenoiser* own) {
  std::vector<PictureTask> tasks;
  for (const PreviewItem& item : plan_pictures(job))
    tasks.push_back(
        {.name = item.raw.name,
         .picture_name = item.picture_name,
         .fingerprint = fingerprint_of(item, own),
         .draw = [item, own](const std::string& path) { return make_picture(item, own, path); }});
  return tasks;
}

bool has_to_denoise(const PreviewJob& job) {
  return job.patches_folder.empty() && job.denoised_folder.empty();
}

void count(ItemState state, RunSummary& summary) {
  summary.done_count += state == ItemState::done ? 1 : 0;
  summary.skipped_count += state == ItemState::skipped ? 1 : 0;
  summary.failed_count += state == ItemState::failed ? 1 : 0;
}

void forbid_replacing_report(const std::string& input_folder, const OutputFolder& output) {
  std::error_code ignored;
  if (!input_folder.empty() && std::filesystem::equivalent(input_folder, output.path(), ignored))
    fail(ErrorKind::usage,
         "the pictures would go into '{}' and replace the report of the run there; choose another "
         "output folder",
         input_folder);
}

std::string closing_lines(const RunSummary& summary, const OutputFolder& output) {
  std::string lines = fmt::format("{} pictures made", summary.done_count);
  if (summary.skipped_count > 0)
    lines += fmt::format(", {} were finished before", summary.skipped_count);
  if (summary.failed_count > 0)
    lines += fmt::format(", {} failed ({})", summary.failed_count, output.file("failed.star"));
  return lines;
}

}  // namespace

std::string plan_preview(const PreviewJob& job) {
  std::vector<std::string> names;
  if (!job.patches_folder.empty())
    for (const PictureTask& task : plan_patch_pictures(job))
      names.push_back(task.picture_name);
  else
    for (const PreviewItem& item : plan_pictures(job))
      names.push_back(item.picture_name);
  if (has_to_denoise(job))
    OwnDenoiser{job};
  return fmt::format("{} pictures would be made:\n{}", names.size(), fmt::join(names, "\n"));
}

RunSummary run_preview(const PreviewJob& job, const OutputFolder& output, Progress& progress) {
  forbid_replacing_report(job.denoised_folder, output);
  forbid_replacing_report(job.patches_folder, output);
  std::optional<OwnDenoiser> own;
  if (has_to_denoise(job)) {
    plan_pictures(job);  // finds what is wrong with the list before a model is loaded
    own.emplace(job);
    progress.note(fmt::format("Denoising with the model '{}' ({}) on {}",
                              own->model().description.name,
                              own->model().hash.substr(0, 8),
                              own->backend().name()));
  }
  const std::vector<PictureTask> tasks = job.patches_folder.empty()
                                             ? micrograph_pictures(job, own ? &*own : nullptr)
                                             : plan_patch_pictures(job);
  Journal journal(output.path());
  progress.begin("pictures", static_cast<std::int64_t>(tasks.size()));
  RunSummary summary;
  std::string paths;
  for (const PictureTask& task : tasks) {
    if (progress.stop_requested())
      fail(ErrorKind::interrupted,
           "stopped as asked; {} pictures are made, the same command makes the others",
           summary.done_count + summary.skipped_count);
    const ItemResult result = finish_picture(task, job.run.redo, output, journal);
    count(result.state, summary);
    if (result.state != ItemState::failed)
      paths += "\n" + output.file(task.picture_name);
    progress.item_finished(result);
  }
  summary.result = closing_lines(summary, output) + paths;
  return summary;
}

}  // namespace limpid
