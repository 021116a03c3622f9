#include "plugin/model_import/topaz_network.h"

#include "core/base/error.h"
#include "tests/support/catch.h"

#include <string>
#include <vector>

using namespace limpid;

namespace {

using Sizes = std::vector<std::int64_t>;

// Values count up, so that each can be told from the others.
void add_layer(TensorFile& file, const std::string& name, const Sizes& shape) {
  std::int64_t count = 1;
  for (const std::int64_t size : shape)
    count *= size;
  std::vector<float> weight(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < weight.size(); ++i)
    weight[i] = static_cast<float>(i + 1);
  file.tensors.push_back({name + ".weight", shape, weight});
  file.tensors.push_back(
      {name + ".bias", {shape[0]}, std::vector<float>(static_cast<std::size_t>(shape[0]), 0.5f)});
}

// As UDenoiseNet of Topaz lays it out, with `levels` encoders.
TensorFile topaz_unet(int levels, std::int64_t first_kernel, std::int64_t last_kernel) {
  TensorFile file;
  add_layer(file, "enc1.0", {48, 1, first_kernel, first_kernel});
  for (int level = 2; level <= levels; ++level)
    add_layer(file, fmt::format("enc{}.0", level), {48, 48, 3, 3});
  for (int level = levels - 1; level >= 2; --level) {
    add_layer(file, fmt::format("dec{}.0", level), {96, level == levels - 1 ? 96 : 144, 3, 3});
    add_layer(file, fmt::format("dec{}.2", level), {96, 96, 3, 3});
  }
  add_layer(file, "dec1.0", {64, 97, last_kernel, last_kernel});
  add_layer(file, "dec1.2", {32, 64, last_kernel, last_kernel});
  add_layer(file, "dec1.4", {1, 32, last_kernel, last_kernel});
  return file;
}

TensorFile topaz_chain() {
  TensorFile file;
  add_layer(file, "net.0", {64, 1, 11, 11});
  add_layer(file, "net.2", {64, 64, 11, 11});
  add_layer(file, "net.4", {1, 64, 11, 11});
  return file;
}

const std::vector<float>& parameter(const Model& model, const std::string& name) {
  const auto specs = model.description.network.parameters();
  for (std::size_t i = 0; i < specs.size(); ++i)
    if (specs[i].name == name)
      return model.parameters[i];
  FAIL("no parameter " << name);
  return model.parameters.front();
}

}  // namespace

TEST_CASE("topaz network: the networks that Topaz ships are recognised by their sizes") {
  CHECK(topaz_model(topaz_unet(6, 11, 5)).description.name == "topaz-unet");
  CHECK(topaz_model(topaz_unet(6, 7, 3)).description.name == "topaz-unet-v0.2.1");
  CHECK(topaz_model(topaz_unet(4, 11, 5)).description.name == "topaz-unet-small");
  CHECK(topaz_model(topaz_unet(5, 11, 5)).description.name == "topaz");
  CHECK(topaz_model(topaz_chain()).description.name == "topaz-fcnn");
  TensorFile filter;
  add_layer(filter, "filter", {1, 1, 31, 31});
  const Model model = topaz_model(filter);
  CHECK(model.description.name == "topaz-affine");
  CHECK(model.description.grey_scale == GreyScale::all_pixels);
  CHECK_FALSE(model.description.smallest_pixel_size_angstrom);
}

TEST_CASE("topaz network: the image is widened to several channels, with weights of zero") {
  const Model model = topaz_model(topaz_unet(4, 11, 5));
  CHECK(parameter(model, "image.weight") == std::vector<float>{1, 0, 0, 0, 0, 0, 0, 0});
  const auto& weight = parameter(model, "dec0.conv0.weight");
  REQUIRE(weight.size() == 64 * 104 * 25);
  const std::size_t block = 97 * 25;  // of one output in the file
  CHECK(weight[0] == 1);
  CHECK(weight[block - 1] == static_cast<float>(block));
  CHECK(weight[block] == 0);
  CHECK(weight[104 * 25 - 1] == 0);
  CHECK(weight[104 * 25] == static_cast<float>(block + 1));
  CHECK(parameter(model, "enc2.weight")[7] == 8);
  CHECK(parameter(model, "dec0.conv2.bias") == std::vector<float>{0.5f});
}

TEST_CASE("topaz network: what does not fit together names the tensor") {
  TensorFile file = topaz_unet(6, 11, 5);
  file.tensors.pop_back();
  CHECK_THROWS_WITH(topaz_model(file), ContainsSubstring("'dec1.4.bias' is missing"));
  file = topaz_unet(6, 11, 5);
  add_layer(file, "classifier", {1, 1, 3, 3});
  CHECK_THROWS_WITH(topaz_model(file), ContainsSubstring("'classifier.weight'"));

  // A U-Net that does not read the image again, as Topaz has one, too.
  TensorFile without_image;
  for (const NamedTensor& tensor : topaz_unet(6, 7, 3).tensors)
    if (!tensor.name.starts_with("dec1.0"))
      without_image.tensors.push_back(tensor);
  add_layer(without_image, "dec1.0", {64, 96, 3, 3});
  CHECK_THROWS_WITH(topaz_model(without_image),
                    ContainsSubstring("'dec1.0.weight' has the shape 64 x 96 x 3 x 3") &&
                        ContainsSubstring("64 x 97 x 3 x 3"));

  TensorFile volume;
  volume.tensors.push_back({"enc1.0.weight", {1, 1, 3, 3, 3}, std::vector<float>(27)});
  CHECK_THROWS_WITH(topaz_model(volume), ContainsSubstring("volumes"));
  CHECK_THROWS_WITH(topaz_model({}), ContainsSubstring("no denoising network of Topaz"));
  TensorFile even;
  add_layer(even, "filter", {1, 1, 4, 4});
  CHECK_THROWS_WITH(topaz_model(even), ContainsSubstring("kernel size 4"));
}
