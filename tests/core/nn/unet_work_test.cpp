#include "core/nn/unet_work.h"

#include "tests/support/catch.h"

#include <algorithm>

using namespace limpid;

namespace {

// Measured on an H200: a product of large bfloat16 matrices, and a copy of a large tensor.
constexpr ProcessorRates h200{.flop_per_s = 790e12, .bytes_per_s = 4.3e12};
constexpr Shape patch{1, 1024, 1024, 1};

const LayerWork& find(const std::vector<LayerWork>& layers, const std::string& name) {
  return *std::find_if(
      layers.begin(), layers.end(), [&](const LayerWork& work) { return work.layer.name == name; });
}

}  // namespace

// The expected numbers come from another program, which knows the network as a list of PyTorch
// layers.
TEST_CASE("unet_work: arithmetic and bytes of the classic network at 1024 x 1024") {
  const auto layers = work_of(preset_network("classic"), patch, DataType::bfloat16);
  const NetworkFloor floor = floor_of(layers, h200);
  CHECK(floor.inference.flop / 1e9 == Approx(385).epsilon(0.002));
  CHECK(floor.training.flop / 1e9 == Approx(1155).epsilon(0.002));
  CHECK(floor.inference.bytes / 1e9 == Approx(1.342).epsilon(0.001));
  CHECK(floor.training.bytes / 1e9 == Approx(3.983).epsilon(0.001));
  CHECK(floor.inference_s * 1e3 == Approx(0.5642).epsilon(0.001));
  CHECK(floor.training_s * 1e3 == Approx(1.6767).epsilon(0.001));
}

TEST_CASE("unet_work: single layers of the classic network") {
  const auto layers = work_of(preset_network("classic"), patch, DataType::bfloat16);
  const auto us = [&](const Work& work) { return 1e6 * h200.least_s(work); };

  const LayerWork& first = find(layers, "enc0.conv0");
  CHECK(us(first.forward) == Approx(16.1).epsilon(0.005));
  CHECK(first.data_gradient.flop == 0);
  CHECK(us(first.weight_gradient) == Approx(16.1).epsilon(0.005));

  const LayerWork& narrow = find(layers, "enc0.conv1");
  CHECK(us(narrow.forward) == Approx(31.2).epsilon(0.005));
  CHECK(us(narrow.weight_gradient) == Approx(31.2).epsilon(0.005));
  // Two tensors of 67 MB and their signs.
  CHECK(us(narrow.data_gradient) == Approx(32.2).epsilon(0.005));

  const LayerWork& pool = find(layers, "pool0");
  CHECK(pool.output == Shape{1, 512, 512, 32});
  CHECK(pool.forward.bytes == 512 * 512 * 32 * 2);
  CHECK(pool.data_gradient.bytes == 512 * 512 * 32 * 3);
  CHECK(us(pool.weight_gradient) == 0);

  const LayerWork& up = find(layers, "up0");
  CHECK(up.input == Shape{1, 512, 512, 64});
  CHECK(up.output == Shape{1, 1024, 1024, 32});
  CHECK(us(up.forward) == Approx(23.4).epsilon(0.005));
  CHECK(us(up.weight_gradient) == Approx(23.4).epsilon(0.005));
  CHECK(us(up.data_gradient) == Approx(23.9).epsilon(0.005));

  const LayerWork& wide = find(layers, "dec3.conv0");
  CHECK(wide.layer.inputs == 512);
  CHECK(wide.layer.skipped == 256);
  CHECK(us(wide.forward) == Approx(48.9).epsilon(0.005));
}

TEST_CASE("unet_work: the arithmetic agrees with that of the description") {
  for (const char* name : {"classic", "default"}) {
    const UNetDescription description = preset_network(name);
    const Shape image{3, 96, 160, 1};
    const NetworkFloor floor = floor_of(work_of(description, image, DataType::float32), h200);
    CHECK(floor.inference.flop == Approx(2 * description.multiply_adds_per_pixel() *
                                         static_cast<double>(image.pixel_count())));
  }
}

TEST_CASE("unet_work: layers of the default network, which works on 2 x 2 pixels") {
  const auto layers = work_of(preset_network("default"), {2, 64, 32, 1}, DataType::float32);
  CHECK(layers.front().layer.name == "unshuffle");
  CHECK(layers.front().input == Shape{2, 64, 32, 1});
  CHECK(layers.front().output == Shape{2, 32, 16, 4});
  CHECK(layers.front().forward.bytes == 2 * 2 * 64 * 32 * 4);
  CHECK(layers.front().data_gradient.bytes == 0);
  // The first with weights needs no gradient of its input.
  CHECK(find(layers, "enc0.conv0").data_gradient.bytes == 0);
  CHECK(find(layers, "up3").input == Shape{2, 2, 1, 128});
  CHECK(find(layers, "up3").output == Shape{2, 4, 2, 128});
  CHECK(layers.back().layer.name == "shuffle");
  CHECK(layers.back().output == Shape{2, 64, 32, 1});
}
