#include "core/nn/model.h"

#include "core/base/error.h"
#include "core/io/safetensors.h"
#include "tests/support/catch.h"
#include "tests/support/conv_nets.h"
#include "tests/support/small_model.h"
#include "tests/support/temporary_folder.h"

using namespace limpid;
using namespace limpid::test;

TEST_CASE("model: a saved model comes back whole, and the same content gives the same hash") {
  const TemporaryFolder folder;
  const Model model = small_model();
  const std::string hash = save_model(folder.path("a.safetensors"), model);
  const Model back = load_model(folder.path("a.safetensors"));
  CHECK(back.hash == hash);
  CHECK(back.parameters == model.parameters);
  CHECK(back.description.name == "small");
  CHECK(back.description.network == model.description.network);
  CHECK(back.description.largest_pixel_size_angstrom == 2.5);
  CHECK(save_model(folder.path("b.safetensors"), model) == hash);
}

TEST_CASE("model: a network that can only be applied comes back, with its grey scale and noise") {
  const TemporaryFolder folder;
  Model model;
  model.description.network = small_conv_nets[0];
  model.description.grey_scale = GreyScale::all_pixels;
  model.description.knows_weighted_noise = true;
  model.parameters = random_parameters(small_conv_nets[0]);
  save_model(folder.path("a.safetensors"), model);
  const Model back = load_model(folder.path("a.safetensors"));
  CHECK(back.description == model.description);
  CHECK(back.parameters == model.parameters);
  TensorFile file = read_safetensors(folder.path("a.safetensors"));
  file.metadata["limpid.model"] = R"({"grey_scale":"other"})";
  write_safetensors(folder.path("a.safetensors"), file);
  CHECK_THROWS_WITH(load_model(folder.path("a.safetensors")),
                    ContainsSubstring("unknown grey scale 'other'"));
}

TEST_CASE("model: files that are no model say so") {
  const TemporaryFolder folder;
  const std::string path = folder.path("bad.safetensors");
  CHECK_THROWS_WITH(load_model(path), ContainsSubstring("bad.safetensors"));
  write_safetensors(path, {.metadata = {}, .tensors = {{"w", {1}, {1.0f}}}});
  CHECK_THROWS_WITH(load_model(path), ContainsSubstring("this is no Limpid model"));

  save_model(path, small_model());
  TensorFile file = read_safetensors(path);
  TensorFile missing = file;
  missing.tensors.pop_back();
  write_safetensors(path, missing);
  CHECK_THROWS_WITH(load_model(path), ContainsSubstring("is missing"));
  TensorFile extra = file;
  extra.tensors.push_back({"enc9.weight", {1}, {0.0f}});
  write_safetensors(path, extra);
  CHECK_THROWS_WITH(load_model(path), ContainsSubstring("enc9.weight"));
  TensorFile reshaped = file;
  std::swap(reshaped.tensors[0].shape[0], reshaped.tensors[0].shape[1]);
  write_safetensors(path, reshaped);
  CHECK_THROWS_WITH(load_model(path), ContainsSubstring("another shape"));
  TensorFile future = file;
  future.metadata["limpid.format"] = "7";
  write_safetensors(path, future);
  CHECK_THROWS_WITH(load_model(path), ContainsSubstring("format 7"));
}
