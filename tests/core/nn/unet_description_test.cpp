#include "core/nn/unet_description.h"

#include "core/nn/initialize.h"
#include "tests/support/catch.h"

#include <cmath>

using namespace limpid;

namespace {

std::int64_t parameter_count(const UNetDescription& description) {
  std::int64_t count = 0;
  for (const ParameterSpec& spec : description.parameters())
    count += spec.element_count();
  return count;
}

}  // namespace

TEST_CASE("unet description: the classic preset has the published parameter count and cost") {
  const UNetDescription classic = preset_network("classic");
  CHECK(parameter_count(classic) == 7759521);
  CHECK(classic.grid_px() == 16);
  CHECK(classic.receptive_radius_px() == 122);
  // 385 GFLOP for a patch of 1024 x 1024.
  CHECK(2 * classic.multiply_adds_per_pixel() * 1024 * 1024 / 1e9 == Approx(385).epsilon(0.005));
}

TEST_CASE(
    "unet description: the default preset is small and its heavy layers are multiples of 64") {
  const UNetDescription description = preset_network("default");
  CHECK(parameter_count(description) <= 2000000);
  for (const std::int64_t channels : description.channels)
    CHECK(channels % 64 == 0);
  CHECK(description.upsampling == Upsampling::nearest);
  CHECK_THROWS_AS(preset_network("unknown"), Error);
}

TEST_CASE("unet description: JSON goes round, and bad descriptions are refused") {
  for (const char* name : {"classic", "default"})
    CHECK(unet_from_json(to_json(preset_network(name))) == preset_network(name));
  CHECK_THROWS_WITH(unet_from_json("{}"), ContainsSubstring("network description"));
  CHECK_THROWS_AS(unet_from_json("nonsense"), Error);
  CHECK_THROWS_WITH(
      unet_from_json(
          R"({"unshuffle":1,"channels":[16,32],"kernel_size":3,"upsampling":"nearest","activation":"relu","x":1})"),
      ContainsSubstring("unknown key 'x'"));
  CHECK_THROWS_WITH(
      unet_from_json(
          R"({"unshuffle":3,"channels":[17],"kernel_size":4,"upsampling":"nearest","activation":"relu"})"),
      ContainsSubstring("unshuffle is 3") && ContainsSubstring("17 channels") &&
          ContainsSubstring("kernel size 4"));
}

TEST_CASE("unet description: a network is chosen by its name or described in JSON") {
  CHECK(choose_network("classic") == preset_network("classic"));
  CHECK(choose_network(to_json(preset_network("default"))) == preset_network("default"));
  CHECK_THROWS_WITH(choose_network("{}"), ContainsSubstring("network {}: "));
  try {
    choose_network(R"({"unshuffle":1})");
    FAIL("must throw");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::usage);
  }
}

TEST_CASE("initial parameters: He variance, zero biases, same seed same values") {
  const UNetDescription description = preset_network("default");
  const auto values = initial_parameters(description, 5);
  const auto specs = description.parameters();
  for (std::size_t i = 0; i < specs.size(); ++i) {
    double square_sum = 0;
    for (const float value : values[i])
      square_sum += static_cast<double>(value) * static_cast<double>(value);
    if (specs[i].shape.size() == 1) {
      CHECK(square_sum == 0);
    } else if (specs[i].name != "out.weight") {
      const auto fan_in = static_cast<double>(specs[i].shape[1] * 9);
      CHECK(square_sum / static_cast<double>(values[i].size()) * fan_in == Approx(2).epsilon(0.1));
    }
  }
  CHECK(initial_parameters(description, 5) == values);
  CHECK(initial_parameters(description, 6) != values);
}
