#include "core/data/device_plan.h"

#include "core/base/error.h"

#include <fmt/format.h>

#include <algorithm>

namespace limpid {
namespace {

// Four wait, one is made, the device works on two (core/train/device_loader.h).
constexpr std::int64_t batches_on_the_way = 7;

std::size_t host_bytes(const DatasetCost& dataset,
                       const LoaderOptions& options,
                       std::int64_t reads) {
  return options.reserved_bytes + options.upload_staging_bytes +
         static_cast<std::size_t>(reads + 1) * dataset.largest_pair_bytes +
         static_cast<std::size_t>(reads) * dataset.largest_loading_bytes;
}

// Micrographs on the device besides those in use: a place is renewed while batches that were made
// from its last content are still on their way. With fewer than `least`, the batch that is waited
// for could lack the memory that batches before it hold.
struct Spare {
  std::int64_t least = 0;
  std::int64_t enough = 0;
};

Spare spare_pairs(const DatasetCost& dataset, const LoaderOptions& options) {
  const std::int64_t crops = crops_per_load(dataset, options, options.batch_size);
  const auto loads_of = [&](std::int64_t batches) {
    return (batches * options.batch_size + crops - 1) / crops;
  };
  Spare spare;
  spare.least = 2 * loads_of(1) + 1;
  spare.enough = std::max(spare.least, loads_of(batches_on_the_way) + 1);
  return spare;
}

// Throws Error(usage) for --loader resident if it does not fit.
bool shall_be_resident(const DatasetCost& dataset, const LoaderOptions& options) {
  const bool fits = dataset.pair_bytes <= options.device_bytes;
  if (options.mode == LoaderMode::resident && !fits)
    fail(ErrorKind::usage,
         "--loader resident: the {} micrographs take {} in the memory of the GPU, which has room "
         "for {} beside the network; --loader stream needs less",
         dataset.count,
         readable_bytes(dataset.pair_bytes),
         readable_bytes(options.device_bytes));
  const bool was_stream = options.slots > 0 && options.slots < dataset.count;
  return options.mode == LoaderMode::resident ||
         (options.mode == LoaderMode::automatic && fits && !was_stream);
}

bool plan_pool(const LoaderOptions& options, LoaderPlan& plan) {
  const std::size_t pool_bytes = std::min(plan.device_budget_bytes, plan.budget_bytes);
  const auto pairs = static_cast<std::int64_t>(
      pool_bytes / std::max<std::size_t>(plan.dataset.largest_pair_bytes, 1));
  const std::int64_t most_slots = std::max<std::int64_t>(1, plan.dataset.count - 1);
  const Spare spare = spare_pairs(plan.dataset, options);
  const bool can_keep =
      options.slots > 0 && options.slots <= most_slots && options.slots + spare.least <= pairs;
  plan.is_as_asked = options.slots == 0 || can_keep;
  if (can_keep)
    plan.slots = options.slots;
  else
    // At least four of five micrographs are in use, if that is possible.
    plan.slots =
        std::min(most_slots, pairs - (pairs >= 5 * spare.enough ? spare.enough : spare.least));
  if (plan.slots < 1)
    return false;
  plan.mode = LoaderMode::stream;
  plan.device_pairs = std::min(pairs, plan.slots + spare.enough);
  plan.device_used_bytes =
      static_cast<std::size_t>(plan.device_pairs) * plan.dataset.largest_pair_bytes;
  return true;
}

}  // namespace

std::optional<LoaderPlan> plan_on_device(const DatasetCost& dataset, const LoaderOptions& options) {
  if (options.device_bytes == 0)
    return std::nullopt;
  LoaderPlan plan;
  plan.dataset = dataset;
  plan.budget_bytes = options.memory_bytes;
  plan.resident_bytes = dataset.pair_bytes;
  plan.device_budget_bytes = options.device_bytes;
  for (const std::int64_t reads : {16, 8, 4, 2, 1}) {
    // More only help where micrographs are made instead of read.
    if (reads > 8 && !dataset.is_endless)
      continue;
    plan.reads = reads;
    plan.used_bytes = host_bytes(dataset, options, reads);
    if (plan.used_bytes <= plan.budget_bytes)
      break;
  }
  if (plan.used_bytes > plan.budget_bytes)
    return std::nullopt;
  plan.host_pairs = plan.reads + 1;
  if (shall_be_resident(dataset, options)) {
    plan.mode = LoaderMode::resident;
    plan.slots = dataset.count;
    plan.device_pairs = dataset.count;
    plan.device_used_bytes = dataset.pair_bytes;
    plan.is_as_asked = options.slots == 0 || options.slots >= dataset.count;
  } else if (!plan_pool(options, plan)) {
    return std::nullopt;
  }
  plan.crops_per_load = crops_per_load(dataset, options, plan.slots);
  return plan;
}

std::string describe_on_device(const LoaderPlan& plan) {
  if (plan.dataset.is_endless)
    return fmt::format(
        "Loader {}: up to {} micrographs in the memory of the GPU, the oldest replaced after every "
        "{} crops, at most {} of {}; memory {}, at most {} of it used",
        name(plan.mode),
        plan.slots,
        plan.crops_per_load,
        readable_bytes(plan.device_used_bytes),
        readable_bytes(plan.device_budget_bytes),
        readable_bytes(plan.budget_bytes),
        readable_bytes(plan.used_bytes));
  return fmt::format(
      "Loader {}: {} of {} micrographs in the memory of the GPU, at most {} of {}; dataset as "
      "float32 {}, memory {}, at most {} of it used",
      name(plan.mode),
      plan.slots,
      plan.dataset.count,
      readable_bytes(plan.device_used_bytes),
      readable_bytes(plan.device_budget_bytes),
      readable_bytes(plan.dataset.pair_bytes),
      readable_bytes(plan.budget_bytes),
      readable_bytes(plan.used_bytes));
}

}  // namespace limpid
