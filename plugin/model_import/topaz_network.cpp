#include "plugin/model_import/topaz_network.h"

#include "core/base/error.h"
#include "core/io/printable.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace limpid {
namespace {

// The tensors of one file, and which of them have a place in the network.
class Source {
 public:
  explicit Source(const TensorFile& file) : file_(file) {}

  bool has(const std::string& layer) const { return file_.find(layer + ".weight") != nullptr; }

  // Kernel and outputs of the layer, which becomes `name`.
  ConvLayer take(const std::string& layer, const std::string& name) {
    const std::vector<std::int64_t>& shape = tensor(layer + ".weight").shape;
    if (shape.size() == 5)
      fail(ErrorKind::model, "the network is one for volumes; expected one for micrographs");
    if (shape.size() != 4 || shape[2] != shape[3])
      fail(ErrorKind::model,
           "the tensor '{}.weight' has the shape {}; expected a square kernel",
           layer,
           fmt::join(shape, " x "));
    layers_[name] = layer;
    used_.insert(layer + ".weight");
    used_.insert(layer + ".bias");
    return {.kernel_size = shape[2], .channels = shape[0]};
  }

  // layer.0, layer.2, ...: between them lie activations.
  std::vector<ConvLayer> take_all(const std::string& layers, const std::string& name) {
    std::vector<ConvLayer> taken;
    while (has(fmt::format("{}.{}", layers, 2 * taken.size())))
      taken.push_back(take(fmt::format("{}.{}", layers, 2 * taken.size()),
                           fmt::format("{}.conv{}", name, taken.size())));
    return taken;
  }

  // Null for a layer that has no counterpart in the file.
  const NamedTensor* counterpart(const std::string& parameter) const {
    const std::size_t dot = parameter.rfind('.');
    const auto found = layers_.find(parameter.substr(0, dot));
    return found == layers_.end() ? nullptr : &tensor(found->second + parameter.substr(dot));
  }

  void check_all_used() const {
    for (const NamedTensor& tensor : file_.tensors)
      if (!used_.contains(tensor.name))
        fail(ErrorKind::model,
             "the tensor '{}' belongs to no denoising network of Topaz",
             printable(tensor.name));
  }

 private:
  const NamedTensor& tensor(const std::string& name) const {
    const NamedTensor* found = file_.find(name);
    if (found == nullptr)
      fail(ErrorKind::model, "the tensor '{}' is missing", name);
    return *found;
  }

  const TensorFile& file_;
  std::map<std::string, std::string> layers_;  // of the network -> of the file
  std::set<std::string> used_;
};

ConvNetDescription take_network(Source& source) {
  ConvNetDescription network;
  if (source.has("filter")) {
    network.activation = Activation::none;
    network.decoders = {{source.take("filter", "dec0.conv0")}};
  } else if (source.has("net.0")) {
    network.image_channels = 0;
    network.decoders = {source.take_all("net", "dec0")};
  } else if (source.has("enc1.0")) {
    while (source.has(fmt::format("enc{}.0", network.encoders.size() + 1)))
      network.encoders.push_back(source.take(fmt::format("enc{}.0", network.encoders.size() + 1),
                                             fmt::format("enc{}", network.encoders.size())));
    for (std::size_t level = 0; level + 1 < network.encoders.size(); ++level)
      network.decoders.push_back(
          source.take_all(fmt::format("dec{}", level + 1), fmt::format("dec{}", level)));
  } else {
    fail(ErrorKind::model,
         "there is none of 'enc1.0.weight', 'net.0.weight' and 'filter.weight': this is no "
         "denoising network of Topaz");
  }
  source.check_all_used();
  network.check();
  return network;
}

// The image is one channel there and the first of several here; the others get weights of zero.
std::vector<float> with_image_channels(const NamedTensor& from,
                                       const ParameterSpec& spec,
                                       std::int64_t image_channels) {
  const std::int64_t added = image_channels - 1;
  std::vector<std::int64_t> expected = spec.shape;
  expected[1] -= added;
  if (from.shape != expected)
    fail(ErrorKind::model,
         "the tensor '{}' has the shape {}; the layers around it ask for {}",
         from.name,
         fmt::join(from.shape, " x "),
         fmt::join(expected, " x "));
  const std::int64_t block = expected[1] * expected[2] * expected[3];
  const std::int64_t wide_block = spec.shape[1] * spec.shape[2] * spec.shape[3];
  std::vector<float> values(static_cast<std::size_t>(spec.element_count()), 0.0f);
  for (std::int64_t output = 0; output < expected[0]; ++output)
    std::copy_n(from.values.begin() + output * block, block, values.begin() + output * wide_block);
  return values;
}

std::vector<float> parameter_values(const Source& source,
                                    const ParameterSpec& spec,
                                    const ConvNetDescription& network) {
  const NamedTensor* from = source.counterpart(spec.name);
  if (from == nullptr) {  // the image's own layer copies it to the first channel
    std::vector<float> values(static_cast<std::size_t>(spec.element_count()), 0.0f);
    if (spec.name == "image.weight")
      values.front() = 1.0f;
    return values;
  }
  if (spec.name == "dec0.conv0.weight" && network.image_channels > 0)
    return with_image_channels(*from, spec, network.image_channels);
  if (from->shape != spec.shape)
    fail(ErrorKind::model,
         "the tensor '{}' has the shape {}; the layers around it ask for {}",
         from->name,
         fmt::join(from->shape, " x "),
         fmt::join(spec.shape, " x "));
  return from->values;
}

std::string name_of(const ConvNetDescription& network) {
  const auto unet = [](std::size_t levels, std::int64_t first_kernel, std::int64_t last_kernel) {
    ConvNetDescription d;
    d.encoders.assign(levels, {3, 48});
    d.encoders.front().kernel_size = first_kernel;
    d.decoders.assign(levels - 1, {{3, 96}, {3, 96}});
    d.decoders.front() = {{last_kernel, 64}, {last_kernel, 32}, {last_kernel, 1}};
    return d;
  };
  const std::pair<const char*, ConvNetDescription> known[] = {
      {"topaz-unet", unet(6, 11, 5)},
      {"topaz-unet-v0.2.1", unet(6, 7, 3)},
      {"topaz-unet-small", unet(4, 11, 5)},
      {"topaz-fcnn",
       {.encoders = {}, .decoders = {{{11, 64}, {11, 64}, {11, 1}}}, .image_channels = 0}},
      {"topaz-affine", {.encoders = {}, .decoders = {{{31, 1}}}, .activation = Activation::none}},
  };
  for (const auto& [name, description] : known)
    if (description == network)
      return name;
  return "topaz";
}

}  // namespace

Model topaz_model(const TensorFile& file) {
  Source source(file);
  const ConvNetDescription network = take_network(source);
  Model model;
  model.description.name = name_of(network);
  model.description.network = network;
  model.description.grey_scale = GreyScale::all_pixels;
  for (const ParameterSpec& spec : network.parameters())
    model.parameters.push_back(parameter_values(source, spec, network));
  return model;
}

}  // namespace limpid
