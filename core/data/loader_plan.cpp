#include "core/data/loader_plan.h"

#include "core/base/error.h"
#include "core/data/device_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace limpid {
namespace {

// Reading several micrographs at a time serves many processors and slow decoders; it is worth the
// memory only where enough is left for the micrographs in use.
constexpr std::int64_t slots_per_read = 4;

std::size_t batch_bytes(const LoaderOptions& options) {
  const std::int64_t pixels = options.batch_size * options.patch_size_px * options.patch_size_px;
  return static_cast<std::size_t>(batches_in_memory * (2 * pixels + options.batch_size)) *
         sizeof(float);
}

// Micrographs of an endless dataset that a training begins with: enough for a varied first batch,
// few enough to be made in seconds.
constexpr std::int64_t slots_at_first = 16;

// The sums of bytes that belong to a number of slots and reads.
class Costs {
 public:
  Costs(const DatasetCost& dataset, const LoaderOptions& options)
      : dataset_(dataset),
        fixed_bytes_(batch_bytes(options) + options.reserved_bytes + options.batch_staging_bytes) {}

  std::size_t resident(std::int64_t reads) const {
    return fixed_bytes_ + dataset_.pair_bytes +
           static_cast<std::size_t>(reads) * dataset_.largest_loading_bytes;
  }
  // Memory that is used again fits the largest pair in the end.
  std::size_t streamed(std::int64_t slots, std::int64_t reads) const {
    return fixed_bytes_ + static_cast<std::size_t>(slots + reads) * dataset_.largest_pair_bytes +
           static_cast<std::size_t>(reads) * dataset_.largest_loading_bytes;
  }
  std::int64_t affordable_slots(std::size_t budget_bytes, std::int64_t reads) const {
    const std::size_t needed = streamed(0, reads);
    return budget_bytes < needed
               ? 0
               : static_cast<std::int64_t>((budget_bytes - needed) /
                                           std::max<std::size_t>(dataset_.largest_pair_bytes, 1));
  }

 private:
  const DatasetCost& dataset_;
  std::size_t fixed_bytes_;
};

struct Pool {
  std::int64_t slots = 0;
  std::int64_t reads = 1;
};

constexpr std::int64_t possible_reads[] = {8, 4, 2, 1};

// As many slots as the memory allows; none if it is too little for one.
Pool choose_pool(const Costs& costs, std::size_t budget_bytes, std::int64_t most_slots) {
  for (const std::int64_t reads : possible_reads) {
    const std::int64_t slots = std::min(most_slots, costs.affordable_slots(budget_bytes, reads));
    if (slots >= slots_per_read * reads || reads == 1)
      return {slots, reads};
  }
  return {};
}

// With so many slots as an earlier part of the run had, if the memory allows.
std::optional<Pool> keep_pool(const Costs& costs, std::size_t budget_bytes, std::int64_t slots) {
  for (const std::int64_t reads : possible_reads)
    if ((slots >= slots_per_read * reads || reads == 1) &&
        costs.affordable_slots(budget_bytes, reads) >= slots)
      return Pool{slots, reads};
  return std::nullopt;
}

void plan_resident(const Costs& costs, LoaderPlan& plan) {
  plan.mode = LoaderMode::resident;
  plan.slots = plan.dataset.count;
  plan.host_pairs = plan.slots;
  for (const std::int64_t reads : possible_reads) {
    plan.reads = reads;
    plan.used_bytes = costs.resident(reads);
    if (plan.used_bytes <= plan.budget_bytes)
      return;
  }
}

void plan_stream(const Costs& costs, const LoaderOptions& options, LoaderPlan& plan) {
  plan.mode = LoaderMode::stream;
  const std::int64_t most_slots = std::max<std::int64_t>(1, plan.dataset.count - 1);
  std::optional<Pool> pool;
  if (options.slots > 0 && options.slots <= most_slots)
    pool = keep_pool(costs, plan.budget_bytes, options.slots);
  plan.is_as_asked = options.slots == 0 || pool.has_value();
  if (!pool)
    pool = choose_pool(costs, plan.budget_bytes, most_slots);
  if (pool->slots < 1)
    fail(ErrorKind::usage,
         "--memory: {} are not enough to train on micrographs of {} as float32; expected at least "
         "{}: one in use, one being read, {} crops of {} x {} in a batch",
         readable_bytes(plan.budget_bytes),
         readable_bytes(plan.dataset.largest_pair_bytes / 2),
         readable_bytes(costs.streamed(1, 1)),
         options.batch_size,
         options.patch_size_px,
         options.patch_size_px);
  plan.slots = pool->slots;
  plan.reads = pool->reads;
  plan.host_pairs = plan.slots + plan.reads;
  plan.used_bytes = costs.streamed(plan.slots, plan.reads);
}

}  // namespace

const char* name(LoaderMode mode) {
  switch (mode) {
    case LoaderMode::automatic:
      return "auto";
    case LoaderMode::resident:
      return "resident";
    case LoaderMode::stream:
      break;
  }
  return "stream";
}

LoaderMode loader_mode_from_name(const std::string& text) {
  for (const LoaderMode mode : {LoaderMode::automatic, LoaderMode::resident, LoaderMode::stream})
    if (text == name(mode))
      return mode;
  fail(ErrorKind::usage, "loader '{}': expected auto, resident or stream", text);
}

DatasetCost measure_dataset(const PairSource& source) {
  DatasetCost dataset;
  dataset.count = source.count();
  dataset.is_endless = source.is_endless();
  const std::int64_t different = dataset.is_endless ? 1 : dataset.count;
  for (std::int64_t i = 0; i < different; ++i) {
    const PairCost cost = source.cost(i);
    dataset.pair_bytes += cost.pair_bytes * static_cast<std::size_t>(dataset.count / different);
    dataset.largest_pixel_count = std::max(dataset.largest_pixel_count, cost.pixel_count);
    dataset.largest_pair_bytes = std::max(dataset.largest_pair_bytes, cost.pair_bytes);
    dataset.largest_loading_bytes = std::max(dataset.largest_loading_bytes, cost.loading_bytes);
  }
  return dataset;
}

LoaderPlan plan_loader(const DatasetCost& dataset, const LoaderOptions& options) {
  if (dataset.count == 0)
    fail(ErrorKind::input, "there is nothing to learn from: no training pairs");
  if (const auto plan = plan_on_device(dataset, options))
    return *plan;
  const Costs costs(dataset, options);
  LoaderPlan plan;
  plan.dataset = dataset;
  plan.budget_bytes = options.memory_bytes;
  plan.resident_bytes = costs.resident(1);
  const bool fits = plan.resident_bytes <= plan.budget_bytes;
  const bool was_stream = options.slots > 0 && options.slots < dataset.count;
  if (options.mode == LoaderMode::resident && !fits)
    fail(ErrorKind::usage,
         "--loader resident: the {} micrographs take {} in memory, {} in all; --memory allows {}",
         dataset.count,
         readable_bytes(dataset.pair_bytes),
         readable_bytes(plan.resident_bytes),
         readable_bytes(plan.budget_bytes));
  if (options.mode == LoaderMode::resident ||
      (options.mode == LoaderMode::automatic && fits && !was_stream)) {
    plan_resident(costs, plan);
    plan.is_as_asked = !was_stream;
  } else {
    plan_stream(costs, options, plan);
  }
  plan.crops_per_load = crops_per_load(dataset, options, plan.slots);
  return plan;
}

std::int64_t crops_per_load(const DatasetCost& dataset,
                            const LoaderOptions& options,
                            std::int64_t slots) {
  const std::int64_t fewest_slots = dataset.is_endless ? std::min(slots, slots_at_first) : slots;
  const std::int64_t wanted =
      options.crops_per_load > 0
          ? options.crops_per_load
          : dataset.largest_pixel_count / (options.patch_size_px * options.patch_size_px);
  return std::max(
      {std::int64_t{1}, wanted, (options.batch_size + fewest_slots - 1) / fewest_slots});
}

std::string readable_bytes(std::size_t bytes) {
  const auto value = static_cast<double>(bytes);
  if (value >= 1e12)
    return fmt::format("{:.1f} TB", value / 1e12);
  if (value >= 1e9)
    return fmt::format("{:.1f} GB", value / 1e9);
  return fmt::format("{:.1f} MB", value / 1e6);
}

std::string describe(const LoaderPlan& plan) {
  if (plan.is_on_device())
    return describe_on_device(plan);
  if (plan.dataset.is_endless)
    return fmt::format(
        "Loader {}: up to {} micrographs in memory, the oldest replaced after every {} crops; "
        "memory {}, at most {} of it used",
        name(plan.mode),
        plan.slots,
        plan.crops_per_load,
        readable_bytes(plan.budget_bytes),
        readable_bytes(plan.used_bytes));
  std::string reason = "all fit";
  if (plan.mode == LoaderMode::stream)
    reason = plan.resident_bytes > plan.budget_bytes
                 ? fmt::format("all would take {}", readable_bytes(plan.resident_bytes))
                 : "all would fit";
  return fmt::format(
      "Loader {}: {} of {} micrographs in memory, {}; dataset as float32 {}, memory {}, at most {} "
      "of it used",
      name(plan.mode),
      plan.slots,
      plan.dataset.count,
      reason,
      readable_bytes(plan.dataset.pair_bytes),
      readable_bytes(plan.budget_bytes),
      readable_bytes(plan.used_bytes));
}

PatchSchedule make_schedule(const LoaderPlan& plan, const LoaderOptions& options) {
  return {.seed = options.seed,
          .count = plan.dataset.count,
          .slots = plan.slots,
          .crops_per_step = options.batch_size,
          .crops_per_load = plan.crops_per_load,
          .is_endless = plan.dataset.is_endless,
          .first_slots = plan.dataset.is_endless ? std::min(plan.slots, slots_at_first) : 0};
}

}  // namespace limpid
