#include "core/nn/unet_description.h"

#include "core/backend/activation.h"
#include "core/nn/description_json.h"

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace limpid {
namespace {

const char* name(Upsampling upsampling) {
  return upsampling == Upsampling::nearest ? "nearest" : "transposed_convolution";
}

// What lies before a convolution: side of the grid relative to the image, for costs.
struct Layer {
  std::string name{};
  std::int64_t inputs = 0;
  std::int64_t outputs = 0;
  std::int64_t kernel = 0;
  std::int64_t grid_px = 1;  // distance of neighbouring outputs on the image
  bool transposed = false;
};

void add_pair(std::vector<Layer>& layers, const std::string& block, const Layer& first) {
  layers.push_back(first);
  layers.back().name = block + ".conv0";
  layers.push_back(first);
  layers.back().name = block + ".conv1";
  layers.back().inputs = first.outputs;
}

std::vector<Layer> layers_of(const UNetDescription& d) {
  std::vector<Layer> layers;
  const auto grid = [&](std::int64_t level) { return d.unshuffle << level; };
  std::int64_t inputs = d.unshuffle * d.unshuffle;
  for (std::int64_t level = 0; level < d.levels(); ++level) {
    const std::int64_t outputs = d.channels[static_cast<std::size_t>(level)];
    add_pair(
        layers,
        fmt::format("enc{}", level),
        {.inputs = inputs, .outputs = outputs, .kernel = d.kernel_size, .grid_px = grid(level)});
    inputs = outputs;
  }
  for (std::int64_t level = d.levels() - 2; level >= 0; --level) {
    const std::int64_t outputs = d.channels[static_cast<std::size_t>(level)];
    if (d.upsampling == Upsampling::transposed_convolution)
      layers.push_back({.name = fmt::format("up{}", level),
                        .inputs = inputs,
                        .outputs = outputs,
                        .kernel = 2,
                        .grid_px = grid(level),
                        .transposed = true});
    add_pair(layers,
             fmt::format("dec{}", level),
             {.inputs = d.upsampled_channels(level) + outputs,
              .outputs = outputs,
              .kernel = d.kernel_size,
              .grid_px = grid(level)});
    inputs = outputs;
  }
  layers.push_back({.name = "out",
                    .inputs = inputs,
                    .outputs = d.unshuffle * d.unshuffle,
                    .kernel = 1,
                    .grid_px = d.unshuffle});
  return layers;
}

}  // namespace

std::int64_t UNetDescription::upsampled_channels(std::int64_t level) const {
  return channels[static_cast<std::size_t>(upsampling == Upsampling::nearest ? level + 1 : level)];
}

// Walks the longest path, down to the bottleneck and up again. A k x k convolution at grid g
// reaches g * (k - 1) / 2 pixels further. A pool joins pixels up to g - 1 (in pixels of the finer
// grid g/2: its size) away, and an upsampled pixel comes from a block that may start as much before
// it.
std::int64_t UNetDescription::receptive_radius_px() const {
  std::int64_t radius = unshuffle - 1;
  const std::int64_t reach = 2 * (kernel_size / 2);
  for (std::int64_t level = 0; level < levels(); ++level) {
    const std::int64_t grid = unshuffle << level;
    radius += grid * reach;
    if (level > 0)
      radius += grid / 2;  // pool
  }
  for (std::int64_t level = levels() - 2; level >= 0; --level) {
    const std::int64_t grid = unshuffle << level;
    radius += grid + grid * reach;  // upsampling, two convolutions
  }
  return radius + unshuffle - 1;
}

std::vector<ParameterSpec> UNetDescription::parameters() const {
  std::vector<ParameterSpec> specs;
  for (const Layer& layer : layers_of(*this)) {
    const std::int64_t a = layer.transposed ? layer.inputs : layer.outputs;
    const std::int64_t b = layer.transposed ? layer.outputs : layer.inputs;
    specs.push_back({layer.name + ".weight", {a, b, layer.kernel, layer.kernel}});
    specs.push_back({layer.name + ".bias", {layer.outputs}});
  }
  return specs;
}

double UNetDescription::multiply_adds_per_pixel() const {
  double sum = 0;
  for (const Layer& layer : layers_of(*this)) {
    const std::int64_t taps = layer.transposed ? 1 : layer.kernel * layer.kernel;
    sum += static_cast<double>(layer.inputs * layer.outputs * taps) /
           static_cast<double>(layer.grid_px * layer.grid_px);
  }
  return sum;
}

double UNetDescription::widest_tensor_channels_per_pixel() const {
  double widest = 0;
  for (const Layer& layer : layers_of(*this))
    widest = std::max(widest,
                      static_cast<double>(std::max(layer.inputs, layer.outputs)) /
                          static_cast<double>(layer.grid_px * layer.grid_px));
  return widest;
}

void UNetDescription::check() const {
  std::vector<std::string> problems;
  if (unshuffle != 1 && unshuffle != 2)
    problems.push_back(fmt::format("unshuffle is {}, not 1 or 2", unshuffle));
  if (channels.size() < 2 || channels.size() > 8)
    problems.push_back(fmt::format("{} levels, not 2 to 8", channels.size()));
  for (const std::int64_t c : channels)
    if (c < 16 || c > 2048 || c % 16 != 0)
      problems.push_back(fmt::format("{} channels, not a multiple of 16 from 16 to 2048", c));
  if (kernel_size < 3 || kernel_size > 11 || kernel_size % 2 == 0)
    problems.push_back(fmt::format("kernel size {}, not 3, 5, 7, 9 or 11", kernel_size));
  if (activation == Activation::none)
    problems.push_back("no activation");
  if (!problems.empty())
    fail(ErrorKind::model, "the network cannot be built: {}", fmt::join(problems, "; "));
}

UNetDescription preset_network(const std::string& name) {
  if (name == "classic")
    return {};
  if (name == "default")
    return {.unshuffle = 2,
            .channels = {64, 64, 64, 128, 128},
            .kernel_size = 3,
            .upsampling = Upsampling::nearest,
            .activation = Activation::relu};
  fail(ErrorKind::usage, "unknown network '{}' (known: classic, default)", name);
}

UNetDescription choose_network(const std::string& name_or_json) {
  if (!name_or_json.starts_with('{'))
    return preset_network(name_or_json);
  try {
    return unet_from_json(name_or_json);
  } catch (const Error& error) {
    fail(ErrorKind::usage, "network {}: {}", name_or_json, error.what());
  }
}

std::string to_json(const UNetDescription& d) {
  const nlohmann::json json = {{"unshuffle", d.unshuffle},
                               {"channels", d.channels},
                               {"kernel_size", d.kernel_size},
                               {"upsampling", name(d.upsampling)},
                               {"activation", name(d.activation)}};
  return json.dump();
}

UNetDescription unet_from_json(const std::string& text) {
  return read_description_json(
      text,
      {"unshuffle", "channels", "kernel_size", "upsampling", "activation"},
      [](const nlohmann::json& json) {
        UNetDescription d;
        d.unshuffle = json.at("unshuffle").get<std::int64_t>();
        d.channels = json.at("channels").get<std::vector<std::int64_t>>();
        d.kernel_size = json.at("kernel_size").get<std::int64_t>();
        const auto upsampling = json.at("upsampling").get<std::string>();
        if (upsampling != name(Upsampling::nearest) &&
            upsampling != name(Upsampling::transposed_convolution))
          fail(ErrorKind::model, "network description: unknown upsampling '{}'", upsampling);
        d.upsampling = upsampling == name(Upsampling::nearest) ? Upsampling::nearest
                                                               : Upsampling::transposed_convolution;
        d.activation = activation_from_name(json.at("activation").get<std::string>().c_str());
        d.check();
        return d;
      });
}

}  // namespace limpid
