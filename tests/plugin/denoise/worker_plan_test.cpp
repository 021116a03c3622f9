#include "plugin/denoise/worker_plan.h"

#include "tests/support/catch.h"

using namespace limpid;

namespace {

constexpr std::size_t image_bytes = 228'000'000;
constexpr WorkerLimits large_host{.is_gpu = true,
                                  .threads = 16,
                                  .image_bytes = image_bytes,
                                  .reading_bytes = 1 << 20,
                                  .memory_bytes = 64'000'000'000};

}  // namespace

TEST_CASE("worker plan: beside a GPU, a micrograph for each thread of the host and a few more") {
  CHECK(plan_workers(large_host).worker_count == 20);
  CHECK(plan_workers(large_host).staging_count == 8);
  WorkerLimits small = large_host;
  small.threads = 2;
  CHECK(plan_workers(small).worker_count == 3);
  CHECK(plan_workers(small).staging_count == 3);
}

TEST_CASE("worker plan: the memory of the host is not exceeded") {
  WorkerLimits limits = large_host;
  std::int64_t last = 0;
  for (limits.memory_bytes = 0; limits.memory_bytes < 8'000'000'000;
       limits.memory_bytes += 100'000'000) {
    const WorkerPlan plan = plan_workers(limits);
    const std::size_t used =
        static_cast<std::size_t>(plan.worker_count) * (image_bytes + limits.reading_bytes) +
        static_cast<std::size_t>(plan.staging_count) * 2 * image_bytes;
    CHECK((plan.worker_count == 1 || used <= limits.memory_bytes));
    CHECK(plan.staging_count >= 1);
    CHECK(plan.worker_count >= last);
    last = plan.worker_count;
  }
  CHECK(last == 18);
}

TEST_CASE("worker plan: what is in memory beside a micrograph counts") {
  WorkerLimits limits = large_host;
  limits.images_per_worker = 5;
  limits.memory_bytes = 6'000'000'000;
  const WorkerPlan plan = plan_workers(limits);
  CHECK(plan.worker_count == 3);
  CHECK(plan.staging_count == 3);
  limits.images_per_worker = 1;
  CHECK(plan_workers(limits).worker_count == 10);
}

TEST_CASE("worker plan: on the CPU one is read and one written beside the one in the network") {
  WorkerLimits limits = large_host;
  limits.is_gpu = false;
  CHECK(plan_workers(limits).worker_count == 3);
  CHECK(plan_workers(limits).staging_count == 0);
  limits.images_per_worker = 4;
  limits.memory_bytes = 2'000'000'000;
  CHECK(plan_workers(limits).worker_count == 2);
  limits.memory_bytes = 1;
  CHECK(plan_workers(limits).worker_count == 1);
  CHECK(plan_workers(limits).staging_count == 0);
}
