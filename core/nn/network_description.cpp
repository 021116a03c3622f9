#include "core/nn/network_description.h"

#include <nlohmann/json.hpp>

namespace limpid {

std::int64_t NetworkDescription::grid_px() const {
  return std::visit([](const auto& d) { return d.grid_px(); }, kind_);
}

std::int64_t NetworkDescription::receptive_radius_px() const {
  return std::visit([](const auto& d) { return d.receptive_radius_px(); }, kind_);
}

std::vector<ParameterSpec> NetworkDescription::parameters() const {
  return std::visit([](const auto& d) { return d.parameters(); }, kind_);
}

double NetworkDescription::multiply_adds_per_pixel() const {
  return std::visit([](const auto& d) { return d.multiply_adds_per_pixel(); }, kind_);
}

double NetworkDescription::widest_tensor_channels_per_pixel() const {
  return std::visit([](const auto& d) { return d.widest_tensor_channels_per_pixel(); }, kind_);
}

std::string to_json(const NetworkDescription& description) {
  if (description.unet() != nullptr)
    return to_json(*description.unet());
  return to_json(*description.conv_net());
}

NetworkDescription network_from_json(const std::string& text) {
  try {
    const nlohmann::json json = nlohmann::json::parse(text);
    if (!json.contains("kind"))
      return unet_from_json(text);
    const auto kind = json.at("kind").get<std::string>();
    if (kind != conv_net_kind)
      fail(ErrorKind::model, "network description: unknown kind '{}'", kind);
    return conv_net_from_json(text);
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorKind::model, "network description: {}", error.what());
  }
}

}  // namespace limpid
