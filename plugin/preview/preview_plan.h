#pragma once

#include "plugin/job/job.h"
#include "plugin/micrographs/micrograph_table.h"

#include <cstddef>
#include <string>
#include <vector>

namespace limpid {

// One picture that is to be made.
struct PreviewItem {
  MicrographEntry raw;
  std::string denoised_path;  // empty: denoise now
  std::string picture_name;   // below the output folder
};

// Chooses job.picture_count micrographs, evenly over the list, among those that have a denoised
// file when job.denoised_folder names a folder: files are matched through the list
// micrographs_denoised.star in it, or by their names when there is none. Throws Error(usage) when
// there is nothing to show.
std::vector<PreviewItem> plan_pictures(const PreviewJob& job);

// `count` different numbers below `available`, evenly spread; all when there are not more.
std::vector<std::size_t> evenly_chosen(std::size_t available, std::size_t count);

}  // namespace limpid
