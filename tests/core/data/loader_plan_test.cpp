#include "core/data/loader_plan.h"

#include "core/base/error.h"
#include "tests/support/catch.h"

using namespace limpid;

namespace {

constexpr std::size_t MB = 1'000'000;

// Micrographs of 5000 x 5000 pixels: 200 MB a pair.
DatasetCost dataset_of(std::int64_t count) {
  return {.count = count,
          .largest_pixel_count = 25'000'000,
          .pair_bytes = static_cast<std::size_t>(count) * 200 * MB,
          .largest_pair_bytes = 200 * MB,
          .largest_loading_bytes = 10 * MB};
}

// Batches take 4 x 2 x 4 x 256 x 256 x 4 bytes: 8.4 MB.
LoaderOptions with_memory(std::size_t bytes, LoaderMode mode = LoaderMode::automatic) {
  return {.patch_size_px = 256, .batch_size = 4, .mode = mode, .memory_bytes = bytes};
}

}  // namespace

TEST_CASE("loader plan: what fits stays in memory, the rest is streamed") {
  const LoaderPlan resident = plan_loader(dataset_of(10), with_memory(2100 * MB));
  CHECK(resident.mode == LoaderMode::resident);
  CHECK(resident.slots == 10);
  const LoaderPlan stream = plan_loader(dataset_of(11), with_memory(2100 * MB));
  CHECK(stream.mode == LoaderMode::stream);
  CHECK(stream.slots == 8);
  CHECK(stream.reads == 2);
  CHECK(describe(stream) ==
        "Loader stream: 8 of 11 micrographs in memory, all would take 2.2 GB; dataset as float32 "
        "2.2 GB, memory 2.1 GB, at most 2.0 GB of it used");
  CHECK(plan_loader(dataset_of(10), with_memory(2100 * MB, LoaderMode::stream)).slots == 8);
}

TEST_CASE("loader plan: no more is used than the memory") {
  for (std::size_t megabytes = 430; megabytes < 20000; megabytes += 170) {
    LoaderOptions options = with_memory(megabytes * MB, LoaderMode::stream);
    options.reserved_bytes = 5 * MB;
    const LoaderPlan plan = plan_loader(dataset_of(200), options);
    INFO(megabytes);
    CHECK(plan.slots >= 1);
    CHECK(plan.used_bytes <= options.memory_bytes);
    CHECK(plan.used_bytes + 200 * MB > options.memory_bytes);
    const auto pairs = static_cast<std::size_t>(plan.slots + plan.reads);
    const auto reads = static_cast<std::size_t>(plan.reads);
    CHECK(plan.used_bytes > pairs * 200 * MB + reads * 10 * MB + 5 * MB);
  }
}

TEST_CASE("loader plan: too little memory is refused with the number that would do") {
  CHECK_THROWS_WITH(
      plan_loader(dataset_of(50), with_memory(300 * MB)),
      ContainsSubstring("300.0 MB are not enough") && ContainsSubstring("at least 418.4 MB"));
  CHECK(plan_loader(dataset_of(50), with_memory(419 * MB)).slots == 1);
  CHECK_THROWS_WITH(plan_loader(dataset_of(50), with_memory(3000 * MB, LoaderMode::resident)),
                    ContainsSubstring("--loader resident: the 50 micrographs take 10.0 GB") &&
                        ContainsSubstring("3.0 GB"));
}

TEST_CASE("loader plan: a continued run keeps its micrographs in memory where it can") {
  LoaderOptions options = with_memory(6000 * MB);
  options.slots = 3;
  const LoaderPlan kept = plan_loader(dataset_of(50), options);
  CHECK(kept.slots == 3);
  CHECK(kept.is_as_asked);
  // A larger machine would hold them all.
  CHECK(plan_loader(dataset_of(20), options).slots == 3);
  options.slots = 40;
  const LoaderPlan smaller = plan_loader(dataset_of(50), options);
  CHECK(smaller.slots < 30);
  CHECK_FALSE(smaller.is_as_asked);
  options.slots = 20;
  CHECK(plan_loader(dataset_of(20), options).is_as_asked);
  CHECK(plan_loader(dataset_of(20), options).mode == LoaderMode::resident);
}

TEST_CASE("loader plan: a GPU holds the dataset, or as much of it as the host's memory would") {
  LoaderOptions options = with_memory(2000 * MB);
  options.upload_staging_bytes = 32 * MB;
  options.batch_staging_bytes = 999'999 * MB;  // of batches that the host makes: none here
  options.device_bytes = 8000 * MB;
  const LoaderPlan resident = plan_loader(dataset_of(40), options);
  CHECK(resident.mode == LoaderMode::resident);
  CHECK(resident.slots == 40);
  CHECK(resident.device_pairs == 40);
  CHECK(resident.device_used_bytes == 8000 * MB);
  CHECK(resident.host_pairs == 9);
  CHECK(resident.used_bytes == 32 * MB + 9 * 200 * MB + 8 * 10 * MB);
  CHECK(describe(resident) ==
        "Loader resident: 40 of 40 micrographs in the memory of the GPU, at most 8.0 GB of 8.0 GB; "
        "dataset as float32 8.0 GB, memory 2.0 GB, at most 1.9 GB of it used");
  const LoaderPlan stream = plan_loader(dataset_of(41), options);
  CHECK(stream.mode == LoaderMode::stream);
  // Ten pairs, of which three are for those that come and go.
  CHECK(stream.slots == 7);
  CHECK(stream.device_pairs == 10);
  CHECK(stream.device_used_bytes <= 2000 * MB);
  CHECK(stream.crops_per_load == 381);
  CHECK_THROWS_WITH(
      plan_loader(dataset_of(41),
                  [&] {
                    LoaderOptions asked = options;
                    asked.mode = LoaderMode::resident;
                    return asked;
                  }()),
      ContainsSubstring("take 8.2 GB in the memory of the GPU") && ContainsSubstring("8.0 GB"));
}

TEST_CASE("loader plan: a continued run keeps its micrographs on a GPU where it can") {
  LoaderOptions options = with_memory(6000 * MB);
  options.device_bytes = 80'000 * MB;
  options.slots = 3;
  const LoaderPlan kept = plan_loader(dataset_of(50), options);
  CHECK(kept.slots == 3);
  CHECK(kept.mode == LoaderMode::stream);
  CHECK(kept.is_as_asked);
  options.slots = 50;
  CHECK(plan_loader(dataset_of(50), options).is_as_asked);
  options.device_bytes = 9000 * MB;
  const LoaderPlan smaller = plan_loader(dataset_of(50), options);
  CHECK(smaller.mode == LoaderMode::stream);
  CHECK_FALSE(smaller.is_as_asked);
}

TEST_CASE("loader plan: a GPU without room leaves the micrographs to the host") {
  LoaderOptions options = with_memory(6000 * MB);
  for (const std::size_t device : {100 * MB, 700 * MB}) {
    options.device_bytes = device;
    const LoaderPlan plan = plan_loader(dataset_of(50), options);
    CHECK_FALSE(plan.is_on_device());
    CHECK(plan.slots == plan_loader(dataset_of(50), with_memory(6000 * MB)).slots);
  }
  options.device_bytes = 800 * MB;
  CHECK(plan_loader(dataset_of(50), options).device_pairs == 4);
}

TEST_CASE("loader plan: names of modes") {
  for (const LoaderMode mode : {LoaderMode::automatic, LoaderMode::resident, LoaderMode::stream})
    CHECK(loader_mode_from_name(name(mode)) == mode);
  CHECK_THROWS_WITH(loader_mode_from_name("disk"), ContainsSubstring("auto, resident or stream"));
}

TEST_CASE("loader plan: micrographs that are made fill the memory while the training runs") {
  DatasetCost made = dataset_of(1 << 24);
  made.is_endless = true;
  LoaderOptions options = with_memory(12000 * MB);
  options.crops_per_load = 32;
  const LoaderPlan host = plan_loader(made, options);
  CHECK(host.mode == LoaderMode::stream);
  CHECK(host.slots > 16);
  CHECK(host.crops_per_load == 32);
  CHECK(describe(host) ==
        "Loader stream: up to 51 micrographs in memory, the oldest replaced after "
        "every 32 crops; memory 12.0 GB, at most 11.9 GB of it used");
  const PatchSchedule schedule = make_schedule(host, options);
  CHECK(schedule.is_endless);
  CHECK(schedule.first_slots == 16);
  CHECK(make_schedule(plan_loader(dataset_of(100), options), options).first_slots == 0);

  // Each of the first micrographs is replaced once in a step at most.
  options.batch_size = 100;
  options.crops_per_load = 1;
  CHECK(plan_loader(made, options).crops_per_load == 7);

  options.batch_size = 4;
  options.device_bytes = 4000 * MB;
  const LoaderPlan device = plan_loader(made, options);
  CHECK(device.is_on_device());
  CHECK(device.reads == 16);
  CHECK(device.slots < 20);
  CHECK_THAT(describe(device), ContainsSubstring("in the memory of the GPU, the oldest replaced"));
}
