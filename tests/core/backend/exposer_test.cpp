#include "core/backend/exposer.h"

#include "core/base/parallel.h"
#include "core/simulate/diversity.h"
#include "core/simulate/exposure_plan.h"
#include "tests/support/backends.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <thread>
#include <vector>

using namespace limpid;
using namespace limpid::test;

namespace {

struct Pair {
  Image micrograph;
  Image truth;
};

Pair expose(Exposer& exposer, std::uint64_t index, const DiversityRange& range) {
  const RandomSubject subject = draw_subject(5, index, range);
  const ExposurePlan plan = plan_exposure(subject.settings, subject.structures, 5, index);
  Pair pair{Image(range.width, range.height), Image(range.width, range.height)};
  exposer.expose(plan, pair.micrograph.pixels(), pair.truth.pixels());
  return pair;
}

bool are_equal(const Image& a, const Image& b) {
  return std::ranges::equal(a.pixels(), b.pixels());
}

}  // namespace

TEST_CASE("exposer: a device makes the micrographs of the simulator (Cuda)") {
  const auto backend = make_test_backend<CudaFloat32>();
  if (!backend)
    return;
  const auto exposer = make_exposer(*backend);
  REQUIRE(exposer);
  const DiversityRange range = diversity_of_size(256, 192);
  double unequal_sum = 0;
  constexpr std::uint64_t count = 24;
  for (std::uint64_t index = 0; index < count; ++index) {
    INFO(index);
    const Pair found = expose(*exposer, index, range);
    const SimulatedMicrograph expected = simulate_random_micrograph(5, index, range);
    const Image micrograph = sum(expected.even, expected.odd);
    double truth_error = 0;
    std::int64_t unequal = 0;
    for (std::size_t i = 0; i < micrograph.pixels().size(); ++i) {
      const auto difference = [&](const Image& a, const Image& b) {
        return std::abs(static_cast<double>(a.pixels()[i] - b.pixels()[i])) / expected.noise_sigma;
      };
      truth_error = std::max(truth_error, difference(found.truth, expected.truth));
      unequal += difference(found.micrograph, micrograph) > 1e-3 ? 1 : 0;
    }
    const double unequal_fraction =
        static_cast<double>(unequal) / static_cast<double>(micrograph.pixel_count());
    std::printf("micrograph %2d: truth within %.1e, %.5f of the pixels otherwise\n",
                static_cast<int>(index),
                truth_error,
                unequal_fraction);
    CHECK(truth_error < 1e-3);
    unequal_sum += unequal_fraction;
    // Again, in memory that was used for others.
    if (index % 8 == 0)
      CHECK(are_equal(expose(*exposer, index, range).micrograph, found.micrograph));
  }
  // A draw that rounding decides changes the rest of its row.
  CHECK(unequal_sum / count < 0.1);
}

TEST_CASE("exposer: speed", "[.speed]") {
  const auto backend = make_test_backend<CudaFloat32>();
  if (!backend)
    return;
  const DiversityRange range = diversity_of_size(1024, 1024);
  constexpr int plan_count = 48;
  std::vector<ExposurePlan> plans(plan_count);
  using Clock = std::chrono::steady_clock;
  const auto seconds_since = [](Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
  };
  const auto begin_plans = Clock::now();
  std::vector<std::thread> planners;
  std::atomic<int> next = 0;
  for (int thread = 0; thread < 8; ++thread)
    planners.emplace_back([&] {
      set_thread_count(1);
      for (int i = next++; i < plan_count; i = next++) {
        const RandomSubject subject = draw_subject(5, static_cast<std::uint64_t>(i), range);
        plans[static_cast<std::size_t>(i)] =
            plan_exposure(subject.settings, subject.structures, 5, static_cast<std::uint64_t>(i));
      }
    });
  for (std::thread& thread : planners)
    thread.join();
  std::printf("planning: %.1f ms of a processor each\n",
              8e3 * seconds_since(begin_plans) / plan_count);
  for (const int width : {1, 2, 4, 8}) {
    std::vector<std::unique_ptr<Exposer>> exposers;
    for (int i = 0; i < width; ++i)
      exposers.push_back(make_exposer(*backend));
    double best_s = 1e9;
    for (int repetition = 0; repetition < 3; ++repetition) {
      next = 0;
      const auto begin = Clock::now();
      std::vector<std::thread> threads;
      for (int thread = 0; thread < width; ++thread)
        threads.emplace_back([&, thread] {
          Image micrograph(range.width, range.height);
          Image truth(range.width, range.height);
          for (int i = next++; i < plan_count; i = next++)
            exposers[static_cast<std::size_t>(thread)]->expose(
                plans[static_cast<std::size_t>(i)], micrograph.pixels(), truth.pixels());
        });
      for (std::thread& thread : threads)
        thread.join();
      best_s = std::min(best_s, seconds_since(begin));
    }
    std::printf(
        "%d at a time: %.1f micrographs of 1024 x 1024 a second\n", width, plan_count / best_s);
  }
}
