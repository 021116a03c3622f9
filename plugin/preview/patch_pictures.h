#pragma once

#include "plugin/job/job.h"
#include "plugin/preview/picture_task.h"

#include <vector>

namespace limpid {

// Pictures of job.picture_count patches in job.patches_folder: input, target and their difference
// with power spectra, as a training sees them; evenly over the training patches and, half of them,
// over those of the test set. Throws Error(usage).
std::vector<PictureTask> plan_patch_pictures(const PreviewJob& job);

}  // namespace limpid
