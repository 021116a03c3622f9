#include "core/nn/conv_net_description.h"

#include "core/nn/network_description.h"
#include "tests/support/catch.h"
#include "tests/support/conv_nets.h"

using namespace limpid;
using namespace limpid::test;

TEST_CASE("conv net description: names and shapes of the parameters, cost and grid") {
  const ConvNetDescription& d = small_conv_nets[0];
  const auto specs = d.parameters();
  const auto shape_of = [&](const std::string& name) {
    for (const ParameterSpec& spec : specs)
      if (spec.name == name)
        return spec.shape;
    return std::vector<std::int64_t>{};
  };
  CHECK(specs.size() == 18);
  CHECK(shape_of("enc1.weight") == std::vector<std::int64_t>{24, 16, 3, 3});
  CHECK(shape_of("image.weight") == std::vector<std::int64_t>{8, 1, 1, 1});
  CHECK(shape_of("dec1.conv0.weight") == std::vector<std::int64_t>{24, 32, 3, 3});
  CHECK(shape_of("dec0.conv0.weight") == std::vector<std::int64_t>{16, 24, 5, 5});
  CHECK(shape_of("dec0.conv2.bias") == std::vector<std::int64_t>{1});
  CHECK(d.grid_px() == 4);
  CHECK(d.widest_tensor_channels_per_pixel() == 24);
  const double level_0 = 49 * 16 + 8 + 25 * 24 * 16 + 9 * 16 * 8 + 9 * 8;
  const double level_1 = 9 * (16 * 24 + 32 * 24 + 24 * 16);
  CHECK(d.multiply_adds_per_pixel() == level_0 + level_1 / 4 + 9 * 24 * 16 / 16.0);
}

TEST_CASE("conv net description: JSON goes round, as that of any network") {
  for (const ConvNetDescription& description : small_conv_nets) {
    CHECK(conv_net_from_json(to_json(description)) == description);
    CHECK(network_from_json(to_json(NetworkDescription(description))) ==
          NetworkDescription(description));
  }
  const NetworkDescription unet = preset_network("default");
  CHECK(network_from_json(to_json(unet)) == unet);
  CHECK_THROWS_WITH(network_from_json(R"({"kind":"other"})"), ContainsSubstring("kind 'other'"));
  CHECK_THROWS_WITH(network_from_json(R"({"kind":7})"), ContainsSubstring("network description"));
  CHECK_THROWS_WITH(conv_net_from_json(R"({"kind":"conv_net","x":1})"),
                    ContainsSubstring("unknown key 'x'"));
  CHECK_THROWS_WITH(conv_net_from_json(R"({"kind":"conv_net","encoders":[]})"),
                    ContainsSubstring("network description"));
}

TEST_CASE("conv net description: what cannot be built is refused") {
  const auto refused = [](ConvNetDescription d) { CHECK_THROWS_AS(d.check(), Error); };
  ConvNetDescription d = small_conv_nets[0];
  d.check();
  d.decoders.pop_back();
  refused(d);
  d.decoders.clear();
  refused(d);
  d = small_conv_nets[0];
  d.encoders.resize(1);
  refused(d);
  d = small_conv_nets[0];
  d.decoders[0].clear();
  refused(d);
  d = small_conv_nets[0];
  d.image_channels = 0;
  refused(d);
  d = small_conv_nets[0];
  d.encoders[1] = {4, 12};
  CHECK_THROWS_WITH(d.check(),
                    ContainsSubstring("kernel size 4 of enc1") && ContainsSubstring("12 channels"));
  d = small_conv_nets[0];
  d.decoders[0].back().channels = 8;
  CHECK_THROWS_WITH(d.check(), ContainsSubstring("a result of 8 channels"));
}
