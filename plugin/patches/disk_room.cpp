#include "plugin/patches/disk_room.h"

#include "core/base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace limpid {
namespace {

double gigabytes(std::uint64_t bytes) {
  return static_cast<double>(bytes) / 1e9;
}

}  // namespace

void require_room(const PatchPlan& plan, const PatchFiles& files, const std::string& folder) {
  const std::uint64_t total = plan.total_bytes();
  const std::uint64_t missing = total - std::min(total, files.allocated_bytes());
  const std::uint64_t free = free_disk_bytes(folder);
  if (missing > free)
    fail(ErrorKind::storage,
         "{} patches to train and {} to test need another {:.3f} GB in '{}', where {:.3f} GB are "
         "free (--float16 halves what is needed{})",
         plan.patch_count(PatchSetKind::train),
         plan.patch_count(PatchSetKind::test),
         gigabytes(missing),
         folder,
         gigabytes(free),
         plan.dataset.has_inputs && plan.dataset.pairs == "simulated"
             ? ", and so does --content clean"
             : "");
}

std::string describe_plan(const PatchPlan& plan, const std::string& folder) {
  const PreparedDataset& dataset = plan.dataset;
  const PatchFiles files(folder, dataset);
  require_room(plan, files, folder);
  std::string text = fmt::format(
      "{} micrographs to train, {} to test: {} and {} patches of {} x {} px every {} px, {}, {}\n"
      "{:.3f} GB in all in '{}', where {:.3f} GB are free",
      plan.micrograph_count(PatchSetKind::train),
      plan.micrograph_count(PatchSetKind::test),
      plan.patch_count(PatchSetKind::train),
      plan.patch_count(PatchSetKind::test),
      dataset.patch_size_px,
      dataset.patch_size_px,
      dataset.stride_px,
      dataset.is_float16 ? "float16" : "float32",
      dataset.has_inputs ? "inputs and targets" : "targets only",
      gigabytes(plan.total_bytes()),
      folder,
      gigabytes(free_disk_bytes(folder)));
  const auto bad = std::find_if(plan.micrographs.begin(),
                                plan.micrographs.end(),
                                [](const PlannedMicrograph& m) { return !m.problem.empty(); });
  if (bad != plan.micrographs.end())
    text += fmt::format(
        "\n{} micrographs cannot be used, the first: {}",
        std::count_if(
            bad, plan.micrographs.end(), [](const auto& m) { return !m.problem.empty(); }),
        bad->problem);
  return text;
}

}  // namespace limpid
