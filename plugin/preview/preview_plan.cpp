#include "plugin/preview/preview_plan.h"

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/io/printable.h"
#include "plugin/evaluation/micrograph_matching.h"

#include <algorithm>
#include <filesystem>
#include <utility>

namespace limpid {
namespace {

MicrographInput denoised_input(const std::string& folder) {
  if (!std::filesystem::is_directory(folder))
    fail(
        ErrorKind::usage,
        "--denoised '{}': expected the output folder of a denoise run, but there is no such folder",
        printable(folder));
  MicrographInput input;
  const std::string list = folder + "/micrographs_denoised.star";
  if (std::filesystem::exists(list))
    input.star_file = list;
  else
    input.paths = {folder};
  return input;
}

std::string picture_name(const MicrographEntry& entry) {
  return std::filesystem::path(entry.output_name).replace_extension(".png").string();
}

}  // namespace

std::vector<std::size_t> evenly_chosen(std::size_t available, std::size_t count) {
  std::vector<std::size_t> chosen;
  const std::size_t wanted = std::min(available, count);
  for (std::size_t i = 0; i < wanted; ++i)
    chosen.push_back((2 * i + 1) * available / (2 * wanted));
  return chosen;
}

std::vector<PreviewItem> plan_pictures(const PreviewJob& job) {
  const MicrographList raw = read_list(job.input, "--in_mics");
  std::vector<PreviewItem> available;
  std::string problem;
  if (job.denoised_folder.empty()) {
    for (const MicrographEntry& entry : raw.entries)
      available.push_back({entry, "", picture_name(entry)});
  } else {
    const MicrographList denoised = read_list(denoised_input(job.denoised_folder), "--denoised");
    const std::vector<MicrographMatch> matches = match_micrographs(raw, denoised, {});
    for (std::size_t i = 0; i < matches.size(); ++i) {
      if (matches[i].entry != nullptr)
        available.push_back({raw.entries[i], matches[i].entry->path, picture_name(raw.entries[i])});
      else if (problem.empty())
        problem = matches[i].problem;
    }
  }
  if (available.empty())
    fail(ErrorKind::usage,
         "none of the {} micrographs can be shown: {}",
         raw.entries.size(),
         problem);
  if (available.size() < raw.entries.size())
    log_warning("{} of {} micrographs have no denoised one, the first because {}",
                raw.entries.size() - available.size(),
                raw.entries.size(),
                problem);
  std::vector<PreviewItem> items;
  for (const std::size_t i :
       evenly_chosen(available.size(), static_cast<std::size_t>(job.picture_count)))
    items.push_back(std::move(available[i]));
  return items;
}

}  // namespace limpid
