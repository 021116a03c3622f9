#include "plugin/benchmark/benchmark.h"

#include "core/backend/registry.h"
#include "tests/support/catch.h"

#include <nlohmann/json.hpp>

using namespace limpid;

namespace {

constexpr ProcessorRates h200{.flop_per_s = 790e12, .bytes_per_s = 4.3e12};

}  // namespace

TEST_CASE("benchmark: the floors of a batch") {
  const BenchmarkFloor floor = floor_of({.network = "classic",
                                         .mode = BenchmarkMode::training,
                                         .patch_size_px = 1024,
                                         .batch_size = 16},
                                        DataType::bfloat16,
                                        h200);
  CHECK(floor.arithmetic_ms == Approx(16 * 1.462).epsilon(0.001));
  CHECK(floor.memory_ms == Approx(16 * 3.983 / 4.3).epsilon(0.001));
  CHECK(floor.layers_ms == Approx(16 * 1.6767).epsilon(0.001));
}

TEST_CASE("benchmark: a result says how near it came to its limit") {
  BenchmarkResult result;
  result.floor.layers_ms = 3;
  result.median_step_ms = 12;
  CHECK(result.percent_of_limit() == Approx(25));
  CHECK(benchmark_table({result}).find(" 25.0") != std::string::npos);
}

TEST_CASE("benchmark: steps on the CPU are timed and described") {
  const auto backend = make_backend({.kind = DeviceKind::cpu});
  for (const BenchmarkMode mode : {BenchmarkMode::training, BenchmarkMode::inference}) {
    const BenchmarkResult result =
        run_benchmark(*backend,
                      {.network = "default", .mode = mode, .patch_size_px = 32, .batch_size = 2},
                      h200,
                      0);
    CHECK(result.median_step_ms > 0);
    CHECK(result.slowest_step_ms >= result.median_step_ms);
    CHECK(result.patches_per_s == Approx(2000 / result.median_step_ms));
    CHECK(result.memory_bytes > 0);
    const auto json = nlohmann::json::parse(benchmark_json({result})).at(0);
    CHECK(json.at("mode") == name(mode));
    CHECK(json.at("limit_ms").get<double>() == Approx(result.floor.layers_ms));
  }
}
