#include "core/nn/conv_net_description.h"

#include "core/backend/activation.h"
#include "core/nn/description_json.h"

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace limpid {
namespace {

struct NamedLayer {
  std::string name;
  std::int64_t inputs = 0;
  ConvLayer layer;
  std::int64_t level = 0;

  // Pixels of the image for one of the layer.
  double area() const { return static_cast<double>(std::int64_t{1} << (2 * level)); }
};

void add_decoder(std::vector<NamedLayer>& layers, const ConvNetDescription& d, std::int64_t level) {
  std::int64_t inputs = d.upsampled_channels(level) + d.skipped_channels(level);
  const auto& decoder = d.decoders[static_cast<std::size_t>(level)];
  for (std::size_t i = 0; i < decoder.size(); ++i) {
    layers.push_back({fmt::format("dec{}.conv{}", level, i), inputs, decoder[i], level});
    inputs = decoder[i].channels;
  }
}

std::vector<NamedLayer> layers_of(const ConvNetDescription& d) {
  std::vector<NamedLayer> layers;
  std::int64_t inputs = 1;
  for (std::size_t level = 0; level < d.encoders.size(); ++level) {
    layers.push_back(
        {fmt::format("enc{}", level), inputs, d.encoders[level], static_cast<std::int64_t>(level)});
    inputs = d.encoders[level].channels;
  }
  if (d.image_channels > 0)
    layers.push_back({"image", 1, {.kernel_size = 1, .channels = d.image_channels}, 0});
  for (auto level = static_cast<std::int64_t>(d.decoders.size()) - 1; level >= 0; --level)
    add_decoder(layers, d, level);
  return layers;
}

std::int64_t reach(const ConvLayer& layer) {
  return layer.kernel_size / 2;
}

nlohmann::json json_of(const std::vector<ConvLayer>& layers) {
  auto json = nlohmann::json::array();
  for (const ConvLayer& layer : layers)
    json.push_back({layer.kernel_size, layer.channels});
  return json;
}

std::vector<ConvLayer> layers_from(const nlohmann::json& json) {
  std::vector<ConvLayer> layers;
  for (const nlohmann::json& layer : json) {
    if (layer.size() != 2)
      fail(ErrorKind::model, "network description: a layer is not [kernel size, channels]");
    layers.push_back({layer.at(0).get<std::int64_t>(), layer.at(1).get<std::int64_t>()});
  }
  return layers;
}

}  // namespace

std::int64_t ConvNetDescription::levels() const {
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(encoders.size()));
}

std::int64_t ConvNetDescription::upsampled_channels(std::int64_t level) const {
  if (encoders.empty())
    return 0;
  return level == levels() - 2 ? encoders.back().channels
                               : decoders[static_cast<std::size_t>(level + 1)].back().channels;
}

std::int64_t ConvNetDescription::skipped_channels(std::int64_t level) const {
  return level > 0 ? encoders[static_cast<std::size_t>(level - 1)].channels
                   : std::max<std::int64_t>(1, image_channels);
}

// Down and up again. A pool joins pixels up to half a grid step away; an upsampled pixel may come
// from a block that begins two pixels before it, one of them for the odd size.
std::int64_t ConvNetDescription::receptive_radius_px() const {
  std::int64_t radius = 0;
  for (std::size_t level = 0; level < encoders.size(); ++level) {
    const std::int64_t grid = std::int64_t{1} << level;
    radius += grid / 2 + grid * reach(encoders[level]);
  }
  for (std::size_t level = 0; level < decoders.size(); ++level) {
    const std::int64_t grid = std::int64_t{1} << level;
    if (!encoders.empty())
      radius += 2 * grid;
    for (const ConvLayer& layer : decoders[level])
      radius += grid * reach(layer);
  }
  return radius;
}

std::vector<ParameterSpec> ConvNetDescription::parameters() const {
  std::vector<ParameterSpec> specs;
  for (const auto& [name, inputs, layer, level] : layers_of(*this)) {
    specs.push_back(
        {name + ".weight", {layer.channels, inputs, layer.kernel_size, layer.kernel_size}});
    specs.push_back({name + ".bias", {layer.channels}});
  }
  return specs;
}

double ConvNetDescription::multiply_adds_per_pixel() const {
  double sum = 0;
  for (const NamedLayer& named : layers_of(*this)) {
    const ConvLayer& layer = named.layer;
    sum +=
        static_cast<double>(named.inputs * layer.channels * layer.kernel_size * layer.kernel_size) /
        named.area();
  }
  return sum;
}

double ConvNetDescription::widest_tensor_channels_per_pixel() const {
  double widest = 0;
  for (const NamedLayer& named : layers_of(*this))
    widest = std::max(
        widest, static_cast<double>(std::max(named.inputs, named.layer.channels)) / named.area());
  return widest;
}

void ConvNetDescription::check() const {
  std::vector<std::string> problems;
  const std::size_t decoder_count = encoders.empty() ? 1 : encoders.size() - 1;
  if (encoders.size() == 1 || encoders.size() > 8)
    problems.push_back(fmt::format("{} encoders, not none or 2 to 8", encoders.size()));
  else if (decoders.size() != decoder_count)
    problems.push_back(
        fmt::format("{} decoders where {} are needed", decoders.size(), decoder_count));
  for (const auto& decoder : decoders)
    if (decoder.empty() || decoder.size() > 8)
      problems.push_back(fmt::format("a decoder of {} layers, not 1 to 8", decoder.size()));
  const bool reads_image_as_it_is =
      image_channels == 0 && encoders.empty() && !decoders.empty() && decoders[0].size() > 1;
  if (!reads_image_as_it_is && (image_channels < 8 || image_channels > 64 || image_channels % 8))
    problems.push_back(fmt::format("{} image channels, not a multiple of 8", image_channels));
  if (!problems.empty())  // else what follows could not be listed
    fail(ErrorKind::model, "the network cannot be built: {}", fmt::join(problems, "; "));

  if (decoders[0].back().channels != 1)
    problems.push_back(fmt::format("a result of {} channels", decoders[0].back().channels));
  const auto layers = layers_of(*this);
  for (const auto& [name, inputs, layer, level] : layers) {
    if (layer.kernel_size < 1 || layer.kernel_size > 63 || layer.kernel_size % 2 == 0)
      problems.push_back(
          fmt::format("kernel size {} of {}, not an odd number up to 63", layer.kernel_size, name));
    const bool is_last = name == layers.back().name;
    if (!is_last && (layer.channels < 8 || layer.channels > 2048 || layer.channels % 8 != 0))
      problems.push_back(fmt::format(
          "{} channels of {}, not a multiple of 8 from 8 to 2048", layer.channels, name));
  }
  if (!problems.empty())
    fail(ErrorKind::model, "the network cannot be built: {}", fmt::join(problems, "; "));
}

std::string to_json(const ConvNetDescription& d) {
  auto decoders = nlohmann::json::array();
  for (const auto& decoder : d.decoders)
    decoders.push_back(json_of(decoder));
  const nlohmann::json json = {{"kind", conv_net_kind},
                               {"encoders", json_of(d.encoders)},
                               {"decoders", decoders},
                               {"image_channels", d.image_channels},
                               {"activation", name(d.activation)}};
  return json.dump();
}

ConvNetDescription conv_net_from_json(const std::string& text) {
  return read_description_json(
      text,
      {"kind", "encoders", "decoders", "image_channels", "activation"},
      [](const nlohmann::json& json) {
        ConvNetDescription d;
        d.encoders = layers_from(json.at("encoders"));
        for (const nlohmann::json& decoder : json.at("decoders"))
          d.decoders.push_back(layers_from(decoder));
        d.image_channels = json.at("image_channels").get<std::int64_t>();
        d.activation = activation_from_name(json.at("activation").get<std::string>().c_str());
        d.check();
        return d;
      });
}

}  // namespace limpid
