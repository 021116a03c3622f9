#include "plugin/run/run_prepare.h"

#include "core/base/error.h"
#include "plugin/patches/disk_room.h"
#include "plugin/patches/patch_plan.h"
#include "plugin/patches/preparation.h"

namespace limpid {

RunSummary run_prepare(const PrepareJob& job, const OutputFolder& output, Progress& progress) {
  return Preparation(job, output, progress).run();
}

std::string plan_prepare(const PrepareJob& job) {
  if (job.run.output_folder.empty())
    fail(ErrorKind::usage, "no output folder is given; expected --o FOLDER");
  return describe_plan(plan_patches(job), job.run.output_folder);
}

}  // namespace limpid
