#include "core/nn/unet_description.h"

#include "core/backend/activation.h"
#include "core/nn/description_json.h"
#include "core/nn/unet_layers.h"

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace limpid {
namespace {

const char* name(Upsampling upsampling) {
  return upsampling == Upsampling::nearest ? "nearest" : "transposed_convolution";
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
  for (const UNetLayer& layer : layers_of(*this)) {
    if (!layer.has_weights())
      continue;
    const bool transposed = layer.kind == LayerKind::transposed_convolution;
    const std::int64_t a = transposed ? layer.inputs : layer.outputs;
    const std::int64_t b = transposed ? layer.outputs : layer.inputs;
    specs.push_back({layer.name + ".weight", {a, b, layer.kernel, layer.kernel}});
    specs.push_back({layer.name + ".bias", {layer.outputs}});
  }
  return specs;
}

double UNetDescription::multiply_adds_per_pixel() const {
  double sum = 0;
  for (const UNetLayer& layer : layers_of(*this)) {
    const bool transposed = layer.kind == LayerKind::transposed_convolution;
    const std::int64_t taps = transposed ? 1 : layer.kernel * layer.kernel;
    sum += static_cast<double>(layer.inputs * layer.outputs * taps) /
           static_cast<double>(layer.grid_px * layer.grid_px);
  }
  return sum;
}

double UNetDescription::widest_tensor_channels_per_pixel() const {
  double widest = 0;
  for (const UNetLayer& layer : layers_of(*this))
    if (layer.has_weights())
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
