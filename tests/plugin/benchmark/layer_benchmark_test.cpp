#include "plugin/benchmark/layer_benchmark.h"

#include "core/backend/registry.h"
#include "core/base/error.h"
#include "core/nn/unet_description.h"
#include "tests/support/catch.h"

#include <nlohmann/json.hpp>

#include <algorithm>

using namespace limpid;

namespace {

constexpr ProcessorRates rates{.flop_per_s = 1e12, .bytes_per_s = 1e11};

LayerWork work(const std::string& name, double bytes) {
  LayerWork result;
  result.layer.name = name;
  result.forward.bytes = bytes;
  return result;
}

std::vector<LayerResult> measure(BenchmarkMode mode) {
  const auto backend = make_backend({.kind = DeviceKind::cpu});
  return run_layer_benchmark(
      *backend,
      {.network = "classic", .mode = mode, .patch_size_px = 32, .batch_size = 2},
      rates,
      0);
}

}  // namespace

TEST_CASE("layer_benchmark: a pool belongs to the convolution before it") {
  const auto works = work_of_operations({"a", "b"}, {work("a", 1), work("pool", 2), work("b", 4)});
  REQUIRE(works.size() == 2);
  CHECK(works[0].layer.name == "a+pool");
  CHECK(works[0].forward.bytes == 3);
  CHECK(works[1].layer.name == "b");
  CHECK_THROWS_AS(work_of_operations({"a", "c"}, {work("a", 1), work("b", 2)}), Error);
}

TEST_CASE("layer_benchmark: every layer of a training step has its passes") {
  const auto layers = measure(BenchmarkMode::training);
  double flop = 0;
  for (const LayerResult& layer : layers) {
    INFO(layer.name);
    CHECK(layer.forward.measured_s > 0);
    CHECK(layer.weight_gradient.measured_s > 0);
    CHECK_FALSE(layer.forward.implementation.empty());
    CHECK_FALSE(layer.weight_gradient.implementation.empty());
    CHECK(layer.forward.floor_s == rates.least_s(layer.forward.work));
    flop += layer.forward.work.flop;
  }
  CHECK(flop == Approx(2 * preset_network("classic").multiply_adds_per_pixel() * 32 * 32));
  CHECK(layers.front().data_gradient.work.bytes == 0);
  CHECK(std::any_of(layers.begin(), layers.end(), [](const LayerResult& layer) {
    return layer.name == "enc0.conv1+pool0" && layer.shape == "32>32 3x3 at 32x32";
  }));

  const auto json = nlohmann::json::parse(layer_json(layers));
  CHECK(json.size() == 3 * layers.size() - 1);
  CHECK(json.at(0).at("layer") == "enc0.conv0");
  const std::string table = layer_table(layers);
  CHECK(std::count(table.begin(), table.end(), '\n') ==
        static_cast<std::ptrdiff_t>(json.size() + 1 + 3));
}

TEST_CASE("layer_benchmark: inference has the forward passes alone") {
  const auto layers = measure(BenchmarkMode::inference);
  CHECK(nlohmann::json::parse(layer_json(layers)).size() == layers.size());
}
